using SentinelCam.Tests.Support;

namespace SentinelCam.Tests;

/// <summary>What no analyzer checks in the sources.</summary>
public class SourceTests
{
    /// <summary>As <c>max_line_length</c> in <c>.editorconfig</c>, which the build does not enforce.</summary>
    private const int Columns = 130;

    private static readonly string[] Skipped = ["bin", "obj", "node_modules", "Migrations"];

    [Fact]
    public void No_line_is_wider_than_130_columns()
    {
        var files = new[] { "SentinelCam", "SentinelCam.Tests" }
            .SelectMany(project => Files(new DirectoryInfo(Path.Combine(SourceTree.Root, project)))).ToList();

        Assert.Contains(files, file => file.Name == "Program.cs");
        Assert.Contains(files, file => file.Name == "SourceTests.cs");
        Assert.Empty(files.SelectMany(file => File.ReadLines(file.FullName)
            .Select((line, index) => (Number: index + 1, Width: line.Length))
            .Where(line => line.Width > Columns)
            .Select(line => $"{Path.GetRelativePath(SourceTree.Root, file.FullName)}:{line.Number} has {line.Width}")));
    }

    [Fact]
    public void Only_folders_that_store_something_know_which_database_there_is()
    {
        string[] storing = ["Data", "Jobs", "Snapshots"];
        // What moves from one to the other
        string[] moving = ["DataImport.cs", "ImportCommand.cs"];
        string[] words =
        [
            "Dialect.IsFile", "SqliteDialect", "PostgresDialect", "PostgresDbContext", "using Npgsql", ".IsNpgsql(", ".IsSqlite(",
            ".ProviderName",
        ];
        var product = new DirectoryInfo(Path.Combine(SourceTree.Root, "SentinelCam"));
        var files = product.EnumerateDirectories().Where(folder => !Skipped.Contains(folder.Name, StringComparer.Ordinal))
            .ToDictionary(folder => folder.Name, folder => Files(folder).ToList());

        Assert.Contains(files["Data"], file => words.Any(File.ReadAllText(file.FullName).Contains));
        Assert.Empty(files.Where(folder => !storing.Contains(folder.Key)).SelectMany(folder => folder.Value)
            .Where(file => !moving.Contains(file.Name) && words.Any(File.ReadAllText(file.FullName).Contains))
            .Select(file => file.Name));
    }

    private static IEnumerable<FileInfo> Files(DirectoryInfo directory) =>
        directory.EnumerateFiles("*.cs").Concat(directory.EnumerateDirectories()
            .Where(child => !Skipped.Contains(child.Name, StringComparer.Ordinal))
            .SelectMany(Files));
}
