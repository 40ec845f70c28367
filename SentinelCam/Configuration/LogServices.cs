using System.Globalization;
using System.Runtime.InteropServices;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Display;

namespace SentinelCam.Configuration;

/// <summary>Serilog to the console and to a file a day in <c>logs/</c>, kept for 31 days.</summary>
public static class LogServices
{
    /// <remarks>
    /// <c>:j</c> writes every value as JSON, so that a line break or an escape sequence in a visitor's text
    /// cannot forge a line or drive the terminal.
    /// </remarks>
    private static readonly MessageTemplateTextFormatter Line = new("{Timestamp:yyyy-MM-ddTHH:mm:ss.fffzzz} {Level:u3} {Message:j}{NewLine}{Exception}", CultureInfo.InvariantCulture);

    public static void AddLogs(this WebApplicationBuilder builder, DataDirectory data) =>
        builder.Services.AddSerilog(log => log
            .MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("Microsoft.Hosting.Lifetime", LogEventLevel.Information)
            // Keys lie unencrypted in the private data directory on purpose: there is no key store on most hosts
            .MinimumLevel.Override("Microsoft.AspNetCore.DataProtection", LogEventLevel.Error)
            // It warns of every page whose cache header it tightens, and writes a stack trace for every cookie that somebody made up
            .MinimumLevel.Override("Microsoft.AspNetCore.Antiforgery", LogEventLevel.Fatal)
            // What keeps it from starting is said in one line by whoever catches it
            .MinimumLevel.Override("Microsoft.Extensions.Hosting.Internal.Host", LogEventLevel.Fatal)
            .MinimumLevel.Override("System", LogEventLevel.Warning)
            .MinimumLevel.Override("Hangfire", LogEventLevel.Warning)
            .ReadFrom.Configuration(builder.Configuration)
            .WriteTo.Console(Line)
            .WriteTo.File(Line, Path.Combine(data.Logs, "sentinelcam-.log"),
                rollingInterval: RollingInterval.Day, retainedFileCountLimit: 31, fileSizeLimitBytes: 64 << 20, rollOnFileSizeLimit: true),
            // Otherwise all applications of a process would write into the log of the one that started last
            preserveStaticLogger: true);

    /// <summary>The log's first line: what runs, on what, and with which data.</summary>
    public static void LogStart(this WebApplication app, DataDirectory data) =>
        app.Logger.LogInformation("SentinelCam {Version} starts in {Environment}, on {Runtime} and {System}, with the data in {DataDirectory}",
            ProductVersion.Text, app.Environment.EnvironmentName,
            RuntimeInformation.FrameworkDescription, RuntimeInformation.RuntimeIdentifier, data.Root);
}
