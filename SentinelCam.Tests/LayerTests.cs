using ArchUnitNET.Domain;
using ArchUnitNET.Fluent.Slices;
using ArchUnitNET.Loader;
using SentinelCam.Snapshots;

namespace SentinelCam.Tests;

/// <summary>The folders depend on each other in one direction, so a reader can believe the folder tree.</summary>
public class LayerTests
{
    /// <summary>From the bottom up, as the README lists them.</summary>
    private static readonly string[] Layers =
    [
        "Configuration", "Visitors", "Data", "Cameras", "Snapshots", "Backups", "Accounts", "Mail", "Alerts", "LoginAttempts",
        "Device", "ImageLog", "People", "Forwarding", "Jobs", "Watch", "Metrics", "Pages", "Service", "CommandLine",
    ];

    private static readonly Architecture App = new ArchLoader().LoadAssembly(typeof(Program).Assembly).Build();

    [Fact]
    public void Folders_are_free_of_cycles()
    {
        var rule = SliceRuleDefinition.Slices().Matching("SentinelCam.(*)").Should().BeFreeOfCycles();

        Assert.All(rule.Evaluate(App), result => Assert.True(result.Passed, result.Description));
    }

    [Fact]
    public void Each_folder_uses_only_those_below_it()
    {
        var upward = App.Types
            .Where(type => LayerOf(type) >= 0)
            .SelectMany(type => type.Dependencies.Select(dependency => dependency.Target)
                .Where(target => LayerOf(target) > LayerOf(type))
                .Select(target => $"{type.FullName} -> {target.FullName}"))
            .Distinct();

        Assert.Empty(upward);
    }

    [Fact]
    public void Each_folder_has_its_place_among_the_layers()
    {
        var folders = App.Types
            .Select(type => type.Namespace?.FullName.Split('.') is ["SentinelCam", var folder, ..] ? folder : null)
            .OfType<string>().Distinct();

        Assert.Equal(Layers.Order(StringComparer.Ordinal), folders.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Only_backups_know_that_pictures_are_files()
    {
        var users = App.Types
            .Where(type => type.Dependencies.Any(dependency => dependency.Target.FullName == typeof(PictureFolder).FullName))
            .Select(type => type.Namespace?.FullName).Distinct().Order();

        Assert.Equal(["SentinelCam.Backups", "SentinelCam.Snapshots"], users);
    }

    private static int LayerOf(IType type) =>
        type.Namespace?.FullName.Split('.') is ["SentinelCam", var folder, ..] ? Array.IndexOf(Layers, folder) : -1;
}
