using System.Reflection;

namespace SentinelCam.Configuration;

/// <summary>The version of this program, set by <c>Version</c> in <c>Directory.Build.props</c>.</summary>
public static class ProductVersion
{
    /// <summary>A version such as <c>1.0.0-rc.1</c>, without the commit that the build appends after a plus sign.</summary>
    public static string Text { get; } = typeof(ProductVersion).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
