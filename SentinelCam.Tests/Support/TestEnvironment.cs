using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;

namespace SentinelCam.Tests.Support;

/// <summary>A host environment for code that runs without a host.</summary>
public sealed class TestEnvironment : IHostEnvironment
{
    public string EnvironmentName { get; set; } = Environments.Production;

    public string ApplicationName { get; set; } = "SentinelCam";

    public string ContentRootPath { get; set; } = AppContext.BaseDirectory;

    public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
}
