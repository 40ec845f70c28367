using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Backups;
using SentinelCam.Jobs;
using SentinelCam.Service;
using SentinelCam.Snapshots;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Service;

/// <summary>The configuration that the package installs.</summary>
public partial class ConfigurationFileTests
{
    /// <summary>Keys of ASP.NET Core and OpenTelemetry that the program looks at, and does not document.</summary>
    private static readonly string[] OfFramework = ["AllowedHosts", "OTEL_EXPORTER_OTLP_ENDPOINT", "ReloadStaticAssetsAtRuntime"];

    private static string Text => ServiceFiles.Configuration;

    private static Dictionary<string, string> Listed => Line().Matches(Text).ToDictionary(
        match => match.Groups[1].Value.Replace("__", ":", StringComparison.Ordinal), match => match.Groups[2].Value);

    [Fact]
    public void File_lists_the_keys_of_the_readme_each_after_its_explanation()
    {
        var readme = File.ReadAllText(Path.Combine(SourceTree.Root, "README.md"));
        var table = readme[readme.IndexOf("## Configuration", StringComparison.Ordinal)..];
        table = table[..table.IndexOf("## Troubleshooting", StringComparison.Ordinal)];
        var documented = Row().Matches(table).SelectMany(row => Code().Matches(row.Groups[1].Value))
            .Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal);

        Assert.Equal(documented, Listed.Keys.Order(StringComparer.Ordinal));
        Assert.All(Line().Matches(Text), match => Assert.Matches(@"\n# [^\n]+\n$", Text[..match.Index]));
    }

    [Fact]
    public void File_lists_every_key_that_the_program_reads()
    {
        var read = Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "SentinelCam"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .SelectMany(file => Reading().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups[1].Value).ToHashSet();

        Assert.Contains("Retention:MaxAge", read);
        Assert.Contains("Camera:Source", read);
        Assert.Empty(read.Except(Listed.Keys).Except(OfFramework));
    }

    [Fact]
    public void Backup_keeps_every_key_except_secrets_and_the_place_of_the_data()
    {
        // The address of a collector can contain a token, like the one of Watch:Ping
        string[] left =
        [
            "DataDirectory", "Smtp:Password", "Smtp:OAuth:ClientSecret", "Smtp:OAuth:RefreshToken", "Watch:Ping",
            "Metrics:Token", "Metrics:Otlp", "Forward:Token", "ConnectionStrings:SentinelCam",
        ];
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(Listed.Keys.ToDictionary(key => key, _ => (string?)"1")).Build();

        var kept = JsonSerializer.Deserialize<Dictionary<string, string>>(BackupSettings.ToBytes(configuration))!;

        Assert.Equal(Listed.Keys.Except(left).Order(StringComparer.Ordinal), kept.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Defaults_in_the_file_are_those_of_the_program()
    {
        await using var plain = await SentinelCamApp.StartAsync();
        // The test's own camera and folders stay
        await using var listed = await SentinelCamApp.StartAsync([.. Listed
            .Where(pair => pair.Key is not ("Urls" or "DataDirectory" or "Device:Source" or "Camera:Source"))
            .Select(pair => (pair.Key, (string?)pair.Value))]);

        Assert.Equal(Options(plain), Options(listed));

        static object[] Options(SentinelCamApp app) =>
        [
            app.Services.GetRequiredService<AlertOptions>(), app.Services.GetRequiredService<CaptureOptions>(),
            app.Services.GetRequiredService<RegistrationOptions>(), app.Services.GetRequiredService<RetentionOptions>(),
            app.Services.GetRequiredService<SentinelCam.Device.DeviceOptions>(),
        ];
    }

    [GeneratedRegex("(?m)^#([A-Za-z_]+)=(.*)$")]
    private static partial Regex Line();

    [GeneratedRegex(@"(?m)^\| (`[^|]+) \|")]
    private static partial Regex Row();

    [GeneratedRegex("`([A-Z][A-Za-z:]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"(?:Setting\.\w+\(\s*configuration,\s*|onfiguration\[)""([^""]+)""(?=[\],])")]
    private static partial Regex Reading();
}
