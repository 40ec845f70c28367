using Microsoft.AspNetCore.Identity;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.Accounts;

/// <summary>Registers ASP.NET Core Identity, registration, and the set-up of the first administrator.</summary>
public static class AccountServices
{
    public static IServiceCollection AddAccounts(
        this IServiceCollection services, IConfiguration configuration, DataDirectory data)
    {
        services.AddIdentity<Account, IdentityRole<long>>(options =>
            {
                options.User.RequireUniqueEmail = true;
                options.User.AllowedUserNameCharacters = "";
                options.Lockout.MaxFailedAccessAttempts = SignInPolicy.MaxFailures;
                options.Lockout.DefaultLockoutTimeSpan = SignInPolicy.LockoutTime;
                options.Password.RequiredLength = Registration.MinPasswordLength;
                options.Password.RequireDigit = options.Password.RequireLowercase = options.Password.RequireUppercase =
                    options.Password.RequireNonAlphanumeric = false;
            })
            .AddEntityFrameworkStores<SentinelCamDbContext>()
            .AddDefaultTokenProviders();
        services.Configure<PasswordHasherOptions>(options => options.IterationCount = 210_000);
        services.ConfigureApplicationCookie(options =>
        {
            options.Cookie.Name = $"SentinelCam.{data.InstanceName}";
            options.Cookie.HttpOnly = true;
            options.Cookie.SameSite = SameSiteMode.Lax;
            options.LoginPath = "/login";
            options.Events.OnRedirectToAccessDenied = context =>
            {
                var loggers = context.HttpContext.RequestServices.GetRequiredService<ILoggerFactory>();
                loggers.CreateLogger(typeof(AccountServices)).LogWarning(
                    "{Method} {Path} was refused to account {AccountId}: it is for administrators", context.Request.Method,
                    context.Request.Path.Value, Viewer.Of(context.HttpContext.User).Id);
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                return Task.CompletedTask;
            };
        });
        services.AddAuthorizationBuilder().AddPolicy(Roles.Administrator, policy => policy.RequireRole(Roles.Administrator));

        services.AddSingleton(RegistrationOptions.Read(configuration));
        services.AddSessions(configuration);
        services.AddPasskeys();
        services.AddSingleton<SetupCode>();
        services.AddSingleton<DecoyHash>();
        services.AddSingleton<WaitingRequests>();
        services.AddScoped<Registration>();
        services.AddSingleton<HashingSlots>();
        services.AddScoped<KnownBrowsers>();
        services.AddSingleton(provider => new SignInDelays(provider.GetRequiredService<TimeProvider>()));
        services.AddScoped<PasswordCheck>();
        services.AddSingleton<AuthenticatorKeys>();
        services.AddScoped<SecondFactors>();
        services.AddScoped<SignInPolicy>();
        services.AddScoped<ActivityQuery>();
        services.AddScoped<ActivityExport>();
        return services;
    }

    private static void AddPasskeys(this IServiceCollection services)
    {
        services.AddOptions<IdentityPasskeyOptions>().Configure<SiteOptions>((options, site) =>
        {
            options.ServerDomain = site.PublicUrl?.IdnHost;
            // So a passkey can sign in alone: it names its account, and proves with a finger or a PIN who holds it
            options.ResidentKeyRequirement = options.UserVerificationRequirement = "required";
            options.AuthenticatorTimeout = PasskeyChallenges.Lifetime;
            options.ValidateOrigin = PasskeyAddress.IsOwnAsync;
        });
        services.AddScoped<PasskeyChallenges>();
        services.AddScoped<PasskeyCheck>();
    }

    private static void AddSessions(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(SessionLimits.Read(configuration));
        services.AddSingleton<SessionCache>();
        services.AddSingleton<PendingSessions>();
        services.AddHostedService<SessionWriter>();
        services.AddScoped<AccountSessions>();
        services.AddScoped<SessionRetention>();
    }

    /// <summary>
    /// Sets unreadable keys aside, creates the administrator role, and logs the set-up code as long as there is no account.
    /// </summary>
    /// <exception cref="ConfigurationException">The keys can be neither read nor set aside.</exception>
    public static async Task PrepareAccountsAsync(this WebApplication app)
    {
        KeyFiles.SetUnreadableAside(app.Services.GetRequiredService<DataDirectory>(), app.Logger);
        app.Services.GetRequiredService<DecoyHash>();
        await using var scope = app.Services.CreateAsyncScope();
        var services = scope.ServiceProvider;
        await using (var transaction = await services.GetRequiredService<SentinelCamDbContext>().Database.BeginTransactionAsync())
        {
            // Another process may start at the same time
            var roles = services.GetRequiredService<RoleManager<IdentityRole<long>>>();
            if (!await roles.RoleExistsAsync(Roles.Administrator))
                await roles.CreateAsync(new IdentityRole<long>(Roles.Administrator));
            await transaction.CommitAsync();
        }

        var code = services.GetRequiredService<SetupCode>();
        if (await services.GetRequiredService<Registration>().IsFirstAsync())
            app.Logger.LogInformation(
                "There is no account yet. The first account to register becomes the administrator. "
                    + "To register from another machine, use the set-up code {SetupCode}",
                await code.GetAsync());
        else
            await code.RemoveAsync();
    }

    /// <summary>The accounts that receive alerts without an owner.</summary>
    public static IQueryable<Account> Administrators(this SentinelCamDbContext db) =>
        from account in db.Users
        where account.ApprovedAt != null
        join held in db.UserRoles on account.Id equals held.UserId
        join role in db.Roles on held.RoleId equals role.Id
        where role.Name == Roles.Administrator
        select account;
}
