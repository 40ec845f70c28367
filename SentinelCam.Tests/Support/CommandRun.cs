using System.Diagnostics;

namespace SentinelCam.Tests.Support;

/// <summary>A command of SentinelCam that has ended.</summary>
/// <param name="ExitCode">0 done, 1 failed, 2 wrong use.</param>
/// <param name="Output">What it printed to standard output.</param>
/// <param name="Errors">What it printed to standard error.</param>
public sealed record CommandRun(int ExitCode, string Output, string Errors)
{
    /// <summary>The lines of standard output.</summary>
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Runs a command as its own process, without a data directory.</summary>
    public static Task<CommandRun> OfAsync(params string[] args) => OfAsync(null, null, [], args);

    /// <summary>Runs a command as its own process, as an operator does beside the site.</summary>
    /// <param name="dataDirectory">The site's data directory, or null.</param>
    /// <param name="input">Standard input; null for none.</param>
    /// <param name="settings">Configuration, as environment variables.</param>
    /// <param name="args">The arguments.</param>
    public static async Task<CommandRun> OfAsync(
        string? dataDirectory, string? input, (string Key, string? Value)[] settings, params string[] args)
    {
        using var process = Start(dataDirectory, settings, args);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input ?? "");
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return new(process.ExitCode, await output, await errors);
    }

    /// <summary>Starts a command without waiting for it.</summary>
    public static Process Start(string? dataDirectory, (string Key, string? Value)[] settings, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "SentinelCam.dll"), .. args])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Configure(start, dataDirectory, settings);
        return Process.Start(start)!;
    }

    /// <summary>Sets the environment of a command.</summary>
    public static void Configure(ProcessStartInfo start, string? dataDirectory, params (string Key, string? Value)[] settings)
    {
        ArgumentNullException.ThrowIfNull(start);
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        start.Environment["DataDirectory"] = dataDirectory;
        start.Environment["Camera__Source"] = "demo";
        foreach (var (key, value) in PostgresServer.Of(dataDirectory).Concat(settings))
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
    }
}
