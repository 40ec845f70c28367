using System.Globalization;
using Microsoft.Extensions.Hosting.Systemd;

namespace SentinelCam.Service;

/// <summary>Tells the operating system's service manager when the site is ready, ends, or hangs.</summary>
public static class ServiceManager
{
    /// <summary>What systemd calls the service, without its ending, and Windows by the same letters.</summary>
    internal const string Name = "sentinelcam";

    /// <summary>
    /// Reports to systemd or to Windows, if one of them started this process. The framework's own <c>AddSystemd</c> looks for
    /// systemd in <c>/proc</c>, where the unit's <c>ProtectProc=invisible</c> hides it, and does not know the watchdog.
    /// </summary>
    public static IServiceCollection AddServiceManager(this IServiceCollection services)
    {
        if (OperatingSystem.IsWindows())
            return services.AddWindowsService(options => options.ServiceName = Name);
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NOTIFY_SOCKET")))
            return services;
        services.AddSingleton<ISystemdNotifier, SystemdNotifier>();
        services.AddSingleton<IHostLifetime, SystemdLifetime>();
        if (WatchdogLimit() is { } limit)
        {
            services.AddHostedService(provider =>
                ActivatorUtilities.CreateInstance<Watchdog>(provider, limit));
        }

        return services;
    }

    /// <summary>How long systemd waits for a sign of life: <c>sd_watchdog_enabled(3)</c>. Null if it does not.</summary>
    private static TimeSpan? WatchdogLimit()
    {
        var text = Environment.GetEnvironmentVariable("WATCHDOG_USEC");
        var isOurs = Environment.GetEnvironmentVariable("WATCHDOG_PID") is not { Length: > 0 } process
            || process == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        return isOurs
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0
            ? TimeSpan.FromMicroseconds(limit)
            : null;
    }
}
