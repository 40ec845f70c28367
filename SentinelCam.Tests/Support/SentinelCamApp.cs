using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using SentinelCam.Data;
using SentinelCam.Snapshots;

namespace SentinelCam.Tests.Support;

/// <summary>
/// The real app on Kestrel and a temporary data directory, with the demo camera and the outbox unless configured otherwise.
/// </summary>
public sealed class SentinelCamApp : IAsyncDisposable
{
    public const string AnnsEmail = "ann@example.org";
    public const string Password = "correct horse battery staple";

    private readonly Factory _factory;
    private bool _stopped;

    private SentinelCamApp(Factory factory) => _factory = factory;

    public Uri Address { get; private set; } = null!;

    public string DataDirectory => _factory.DataDirectory;

    /// <summary>The name of the cookie that keeps a visitor signed in. The names of all others begin with it and a dot.</summary>
    public string SessionCookie =>
        $"SentinelCam.{Services.GetRequiredService<SentinelCam.Configuration.DataDirectory>().InstanceName}";

    public IServiceProvider Services => _factory.Services;

    /// <summary>The files of its pictures.</summary>
    public PictureFolder Pictures => (PictureFolder)Services.GetRequiredService<IPictureStore>();

    /// <param name="time">The app's clock, if the test moves it. Hangfire's own clock stays real.</param>
    /// <param name="services">Replaces outside parts, such as the camera.</param>
    /// <param name="settings">Configuration, as environment variables would give it.</param>
    public static Task<SentinelCamApp> StartAsync(
        TimeProvider? time = null, Action<IServiceCollection>? services = null, params (string Key, string? Value)[] settings) =>
        StartAsync(Directory.CreateTempSubdirectory("sentinelcam-test-").FullName, time, services, settings);

    public static Task<SentinelCamApp> StartAsync(params (string Key, string? Value)[] settings) =>
        StartAsync(null, null, settings);

    /// <summary>Stops this app and starts another one on the same data directory.</summary>
    public async Task<SentinelCamApp> StartAgainAsync(
        TimeProvider? time = null, Action<IServiceCollection>? services = null, params (string Key, string? Value)[] settings)
    {
        await StopAsync();
        return await StartAsync(_factory.Parent, time, services, settings);
    }

    /// <summary>Stops the app; the data directory stays until this object is disposed.</summary>
    public async Task StopAsync()
    {
        if (_stopped)
            return;
        _stopped = true;
        await _factory.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        await WaitForTheLockAsync();
    }

    /// <summary>The program releases its data directory at its very end, a moment after the host is gone.</summary>
    private Task WaitForTheLockAsync() => Eventually.TrueAsync(() =>
    {
        try
        {
            var path = Path.Combine(DataDirectory, ".lock");
            if (File.Exists(path))
                File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    });

    /// <summary>A browser without scripts, with its own cookies.</summary>
    public WebVisitor Visit(string userAgent = "Tests/1.0") => new(Address, userAgent);

    /// <summary>Registers the first account, the administrator's, and stays signed in.</summary>
    public async Task<WebVisitor> RegisterAnnAsync(string email = AnnsEmail)
    {
        var ann = Visit();
        var answer = await ann.RegisterAsync("Ann", email, Password);
        Assert.Equal("/dashboard", answer.Path);
        return ann;
    }

    /// <summary>Reads the database as it is now.</summary>
    public async Task<T> ReadAsync<T>(Func<SentinelCamDbContext, Task<T>> query)
    {
        await using var scope = Services.CreateAsyncScope();
        return await query(scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>());
    }

    /// <summary>Asks the database until the answer satisfies.</summary>
    /// <exception cref="TimeoutException">It does not within a minute.</exception>
    public Task<T> WaitForAsync<T>(
        Func<SentinelCamDbContext, Task<T>> query, Func<T, bool> satisfies, Action? meanwhile = null,
        [CallerArgumentExpression(nameof(query))] string asked = "",
            [CallerArgumentExpression(nameof(satisfies))] string text = "") =>
        Eventually.GetAsync(() => ReadAsync(query), satisfies, Log, meanwhile, text: $"{asked} is {text}");

    public Task WaitForAcceptedAsync(int count) =>
        WaitForAsync(db => db.Deliveries.CountAsync(d => d.State == DeliveryState.Accepted), accepted => accepted >= count);

    /// <summary>The pictures that are stored, without thumbnails, also those that no row names.</summary>
    public async Task<int> CountPicturesAsync() => Services.GetRequiredService<IPictureStore>() is PictureFolder
        ? Directory.EnumerateFiles(Path.Combine(DataDirectory, "snapshots"), "*.jpg", SearchOption.AllDirectories)
            .Count(path => !path.EndsWith(".thumb.jpg", StringComparison.Ordinal))
        : await ReadAsync(db => ((PostgresDbContext)db).PictureContents.CountAsync());

    /// <summary>Everything logged so far.</summary>
    public string Log() => AppLog.Read(DataDirectory);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await PostgresServer.RemoveDatabaseOfAsync(_factory.Parent);
        if (Directory.Exists(_factory.Parent))
            Directory.Delete(_factory.Parent, recursive: true);
    }

    private static async Task<SentinelCamApp> StartAsync(
        string parent, TimeProvider? time, Action<IServiceCollection>? services, (string Key, string? Value)[] settings)
    {
        if (PostgresServer.IsDefault && !settings.Any(setting => setting.Key == PostgresServer.Key))
            settings = [.. settings, .. await PostgresServer.DatabaseOfAsync(parent)];
        if (!settings.Any(setting => setting.Key == PostgresServer.Key))
            await MigratedDatabase.CopyToAsync(Path.Combine(parent, "data"));
        var app = new SentinelCamApp(new Factory(parent, time, services, settings));
        // Not with a port: the factory would set it while the program may be listening already
        app._factory.UseKestrel();
        await Task.Run(app._factory.StartServer);
        app.Address = app._factory.ClientOptions.BaseAddress;
        return app;
    }

    private sealed class Factory(
        string parent, TimeProvider? time, Action<IServiceCollection>? services, (string Key, string? Value)[] settings)
        : WebApplicationFactory<Program>
    {
        public string Parent => parent;

        public string DataDirectory => Path.Combine(parent, "data");

        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseEnvironment("Production");
            builder.UseSetting("Urls", "http://127.0.0.1:0");
            builder.UseSetting("DataDirectory", DataDirectory);
            builder.UseSetting("Camera:Source", "demo");
            builder.UseSetting("Camera:Name", "front door");
            // Not this machine's own log-ins
            builder.UseSetting("Device:Source", "None");
            // Tests that move the clock by days are about other mails
            builder.UseSetting("Watch:Mode", "Off");
            foreach (var (key, value) in settings)
                builder.UseSetting(key, value);
            builder.ConfigureServices(all =>
            {
                if (time is not null)
                    all.Replace(ServiceDescriptor.Singleton(time));
                services?.Invoke(all);
                if (settings.Any(setting => setting.Key == PostgresServer.Key))
                    SharedOutbox.Replace(all, Path.Combine(DataDirectory, "outbox"));
            });
        }
    }
}
