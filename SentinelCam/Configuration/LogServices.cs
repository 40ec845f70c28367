using System.Globalization;
using System.Runtime.InteropServices;
using Serilog;
using Serilog.Configuration;
using Serilog.Core;
using Serilog.Debugging;
using Serilog.Events;
using Serilog.Formatting.Display;

namespace SentinelCam.Configuration;

/// <summary>
/// Writes the log to the console and to daily files in <c>logs/</c>, which are kept for 31 days, and take 256 MiB at most.
/// </summary>
public static class LogServices
{
    /// <summary>A day that writes more has several files, so a noisy day leaves room for the quiet ones before it.</summary>
    private const int MaxFileBytes = 4 << 20;

    private const int MaxFiles = 64;

    /// <remarks>
    /// <c>:j</c> writes every value as JSON, so that a line break or an escape sequence in a visitor's text
    /// cannot forge a line or control the terminal.
    /// </remarks>
    private static readonly MessageTemplateTextFormatter Line = new(
        "{Timestamp:yyyy-MM-ddTHH:mm:ss.fffzzz} {Level:u3} {Message:j}{LeftOut}{NewLine}{Exception}",
        CultureInfo.InvariantCulture);

    public static void AddLogs(this WebApplicationBuilder builder, DataDirectory data) =>
        builder.Services.AddSerilog((provider, log) => log
            .MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("Microsoft.Hosting.Lifetime", LogEventLevel.Information)
            // Keys are unencrypted in the private data directory by design: most hosts have no key store
            .MinimumLevel.Override("Microsoft.AspNetCore.DataProtection", LogEventLevel.Error)
            // It warns about each page whose cache header it tightens, and logs a stack trace for each forged cookie
            .MinimumLevel.Override("Microsoft.AspNetCore.Antiforgery", LogEventLevel.Fatal)
            // Replaced by one line, see NoticeCookie
            .MinimumLevel.Override("Microsoft.AspNetCore.Mvc.ViewFeatures.CookieTempDataProvider", LogEventLevel.Fatal)
            // Start-up errors are reported in one line where they are caught
            .MinimumLevel.Override("Microsoft.Extensions.Hosting.Internal.Host", LogEventLevel.Fatal)
            .MinimumLevel.Override("System", LogEventLevel.Warning)
            .MinimumLevel.Override("Hangfire", LogEventLevel.Warning)
            .ReadFrom.Configuration(builder.Configuration)
            // The limit on what visitors can write
            .ReadFrom.Services(provider)
            .WriteTo.Console(Line)
            .WriteTo.Sink(LoggerSinkConfiguration.Wrap(
                files => new QuietSink(files),
                sinks => sinks.File(Line, Path.Combine(data.Logs, "sentinelcam-.log"),
                    rollingInterval: RollingInterval.Day, retainedFileTimeLimit: TimeSpan.FromDays(31),
                    retainedFileCountLimit: MaxFiles, fileSizeLimitBytes: MaxFileBytes, rollOnFileSizeLimit: true))),
            // Otherwise all applications in a process would write to the log of the one that started last
            preserveStaticLogger: true);

    /// <summary>
    /// Ends without an error where the last lines cannot be written, as on a disk that has become read-only. The console has
    /// them.
    /// </summary>
    private sealed class QuietSink(ILogEventSink sink) : ILogEventSink, IDisposable
    {
        public void Emit(LogEvent logEvent) => sink.Emit(logEvent);

        public void Dispose()
        {
            try
            {
                (sink as IDisposable)?.Dispose();
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                SelfLog.WriteLine("The log file was not written to its end: {0}", error.Message);
            }
        }
    }

    /// <summary>Writes the log's first line: the version, the platform and the data directory.</summary>
    public static void LogStart(this WebApplication app, DataDirectory data) =>
        app.Logger.LogInformation(
            "SentinelCam {Version} starts in {Environment}, on {Runtime} and {System}, with the data in {DataDirectory}",
            ProductVersion.Text, app.Environment.EnvironmentName,
            RuntimeInformation.FrameworkDescription, RuntimeInformation.RuntimeIdentifier, data.Root);
}
