namespace SentinelCam.Configuration;

/// <summary>The files that settings are read from, such as <c>appsettings.json</c>.</summary>
public static class SettingsFiles
{
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
