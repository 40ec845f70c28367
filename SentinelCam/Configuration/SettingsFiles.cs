namespace SentinelCam.Configuration;

/// <summary>The files that settings are read from, such as <c>appsettings.json</c>.</summary>
public static class SettingsFiles
{
    /// <summary>A new site with its settings from files, environment and arguments.</summary>
    /// <param name="args">Arguments such as <c>--Key=value</c>.</param>
    /// <exception cref="ConfigurationException">A settings file is damaged or not readable.</exception>
    public static WebApplicationBuilder CreateBuilder(string[] args) => Read(() => WebApplication.CreateBuilder(
        new WebApplicationOptions
        {
            Args = args,
            // A published app finds its files and its data directory regardless of the working directory
            ContentRootPath =
                Directory.Exists(Path.Combine(AppContext.BaseDirectory, "wwwroot")) ? AppContext.BaseDirectory : null,
        }));

    /// <summary>Runs what reads them.</summary>
    /// <exception cref="ConfigurationException">A file is damaged or not readable.</exception>
    public static T Read<T>(Func<T> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        try
        {
            return read();
        }
        catch (Exception error)
            when (error is InvalidDataException or FormatException or UnauthorizedAccessException or IOException)
        {
            var reasons = new[] { error.Message, error.InnerException?.Message }.OfType<string>();
            throw new ConfigurationException(
                "A settings file", string.Join(' ', reasons).ReplaceLineEndings(" "),
                "files such as appsettings.json that this user can read, in valid JSON.");
        }
    }
}
