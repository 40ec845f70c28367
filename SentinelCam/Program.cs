using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Backups;
using SentinelCam.Cameras;
using SentinelCam.CommandLine;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Device;
using SentinelCam.Forwarding;
using SentinelCam.ImageLog;
using SentinelCam.Jobs;
using SentinelCam.LoginAttempts;
using SentinelCam.Mail;
using SentinelCam.Metrics;
using SentinelCam.Pages;
using SentinelCam.People;
using SentinelCam.Service;
using SentinelCam.Snapshots;
using SentinelCam.Visitors;
using SentinelCam.Watch;

try
{
    if (Commands.SettingsOfSite(args) is not { } settings)
        return await Commands.RunAsync(args, AddLayers);

    var builder = SettingsFiles.CreateBuilder(settings);
    using var data = DataDirectory.Open(builder.Configuration, builder.Environment);
    builder.AddLogs(data);
    // Serves styles and scripts in every environment, even when the app runs from its build folder
    builder.WebHost.UseStaticWebAssets();

    AddLayers(builder, data);
    await using var app = builder.Build();
    app.LogStart(data);
    BackupRestore.CheckFinished(data);
    await app.BackUpBeforeMigrationAsync();
    await app.MigrateDataAsync();
    app.CheckMail();
    await app.JoinNodesAsync();
    await app.PrepareAccountsAsync();
    app.UsePages();
    await app.ListenAsync();
    await app.WaitForShutdownAsync();
    return 0;
}
catch (ConfigurationException error)
{
    await Console.Error.WriteLineAsync(error.Message);
    return 1;
}

// Each layer depends only on layers above it in this list
static void AddLayers(WebApplicationBuilder builder, DataDirectory data) => builder.Services
    .AddSingleton(data)
    .AddSingleton(TimeProvider.System)
    .AddSingleton(NodeName.Read(builder.Configuration))
    .AddVisitors(builder.Configuration)
    .AddData(builder.Configuration, data)
    .AddCameras(builder.Configuration, builder.Environment)
    .AddSnapshots(builder.Configuration)
    .AddBackups(builder.Configuration)
    .AddAccounts(builder.Configuration, data)
    .AddMail(builder.Configuration, data)
    .AddAlerts(builder.Configuration)
    .AddLoginAttempts()
    .AddDevice(builder.Configuration)
    .AddImageLog()
    .AddPeople(builder.Configuration)
    .AddForwarding()
    .AddJobs(builder.Configuration, data)
    .AddWatch(builder.Configuration)
    .AddSentinelCamMetrics(builder.Configuration)
    .AddPages(builder.Configuration)
    .AddServiceManager();
