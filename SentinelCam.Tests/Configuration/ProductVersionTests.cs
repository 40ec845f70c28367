using System.Xml.Linq;
using SentinelCam.Configuration;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Configuration;

public class ProductVersionTests(Household household) : IClassFixture<Household>
{
    [Fact]
    public void The_version_is_that_of_the_build_without_its_commit()
    {
        var version = XDocument.Load(Path.Combine(SourceTree.Root, "Directory.Build.props")).Descendants("Version")
            .Single().Value;

        Assert.Equal(version, ProductVersion.Text);
    }

    [Fact]
    public async Task The_footer_shows_the_version_to_those_who_are_signed_in()
    {
        foreach (var visitor in new[] { household.Ann, household.Bob })
        {
            var footer = (await visitor.GetAsync("/dashboard")).Document.QuerySelector("body > footer");
            Assert.Equal($"SentinelCam {ProductVersion.Text}", footer?.TextContent.Trim());
        }

        foreach (var path in new[] { "/", "/login", "/register", "/no-such-page" })
            Assert.DoesNotContain(ProductVersion.Text, (await household.Nobody.GetAsync(path)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_tells_the_version_to_administrators()
    {
        var line = $"\nversion: {ProductVersion.Text}\n";

        Assert.Contains(line, (await household.Ann.GetAsync("/healthz")).Text.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        foreach (var visitor in new[] { household.Bob, household.Nobody })
            Assert.DoesNotContain("version", (await visitor.GetAsync("/healthz")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_log_begins_with_the_version_and_the_data_directory()
    {
        var first = household.App.Log().Split('\n')[0];

        Assert.Contains($"SentinelCam \"{ProductVersion.Text}\" starts", first, StringComparison.Ordinal);
        Assert.Contains(household.App.DataDirectory, first, StringComparison.Ordinal);
    }
}
