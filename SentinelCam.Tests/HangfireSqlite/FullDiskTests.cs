using SentinelCam.Tests.HangfireSqlite.Support;

namespace SentinelCam.Tests.HangfireSqlite;

/// <summary>A disk that is full, which is a small one in memory that only another process sees, and files that may not be written.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("full-disk-").FullName;

    private string File => Path.Combine(_folder, "jobs.db");

    public void Dispose()
    {
        if (!OperatingSystem.IsWindows()) System.IO.File.SetUnixFileMode(_folder, (UnixFileMode)0b111_000_000);
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Full_at_the_creation_and_while_a_job_runs_it_says_so_and_loses_nothing()
    {
        Assert.SkipUnless(WorkerProcess.CanMount(_folder), "A disk of its own needs Linux, and root or user namespaces");
        using var process = WorkerProcess.OnSmallDisk(_folder);
        var said = await process.AllLinesAsync();
        Assert.Collection(
            said,
            line => Assert.Matches("^creation: There is no space left .*free some", line),
            line => Assert.Equal("after some was freed: works", line),
            line => Assert.Matches("^acknowledgement: There is no space left .*free some", line),
            line => Assert.Equal("kept: 1", line),
            line => Assert.Equal("fetched again after some was freed: True", line),
            line => Assert.Equal("left: 0", line));
    }

    [Fact]
    public async Task A_file_that_may_only_be_read_says_so()
    {
        await MakeAsync();
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Modes are for Unix");
            return;
        }

        System.IO.File.SetUnixFileMode(File, UnixFileMode.UserRead);
        Assert.Matches("is read-only: let this user write the file", await OpenAsync());
    }

    [Fact]
    public async Task A_folder_that_may_only_be_read_says_so()
    {
        await MakeAsync();
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Modes are for Unix");
            return;
        }

        System.IO.File.SetUnixFileMode(_folder, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Assert.Matches("(cannot be opened|is read-only): .*folder", await OpenAsync());
    }

    private async Task MakeAsync()
    {
        using var process = WorkerProcess.Open(File);
        Assert.Equal("ready", await process.FirstLineAsync());
        await process.AllLinesAsync();
    }

    private async Task<string?> OpenAsync()
    {
        using var process = WorkerProcess.OpenAsOrdinaryUser(File);
        return await process.FirstLineAsync();
    }
}
