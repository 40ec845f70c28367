using System.Reflection;

namespace SentinelCam.Configuration;

/// <summary>The version of this program, set by <c>Version</c> in <c>Directory.Build.props</c>.</summary>
public static class ProductVersion
{
    /// <summary>Such as <c>0.9.0</c> or <c>1.0.0-rc.1</c>; the commit, which the build adds after a plus sign, is left out.</summary>
    public static string Text { get; } = typeof(ProductVersion).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
