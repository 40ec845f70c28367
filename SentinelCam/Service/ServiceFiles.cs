namespace SentinelCam.Service;

/// <summary>The texts that Debian's package installs, and <see cref="ServiceInstallation"/> writes.</summary>
internal static class ServiceFiles
{
    private const string PackageFolder = "/usr/lib/sentinelcam";

    /// <summary>The configuration with every key and its default.</summary>
    public static string Configuration => Resource("sentinelcam.conf");

    /// <summary>The unit of the package with another path.</summary>
    /// <param name="folder">The folder with the program.</param>
    public static string Unit(string folder) =>
        Resource("sentinelcam.service").Replace(PackageFolder, folder, StringComparison.Ordinal);

    private static string Resource(string name)
    {
        using var reader = new StreamReader(
            typeof(ServiceFiles).Assembly.GetManifestResourceStream("SentinelCam.Service." + name)!);
        return reader.ReadToEnd();
    }
}
