using System.CommandLine;
using Microsoft.AspNetCore.Identity;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;

namespace SentinelCam.CommandLine;

/// <summary>
/// <c>SentinelCam account reset-password|reset-second-factor|make-administrator ADDRESS</c>: for an owner or an operator who
/// cannot get in. All work while the site runs: SQLite lets one process write after the other, and the site keeps no account in
/// memory.
/// </summary>
internal static class AccountCommand
{
    private static readonly Argument<string> Address = new("ADDRESS") { Description = "The mail address of the account" };

    private static readonly Option<string?> Data = Commands.Data();

    /// <summary>The command with its subcommands.</summary>
    public static Command Create(Action<WebApplicationBuilder, DataDirectory> addLayers)
    {
        var reset = new Command("reset-password",
            "Set a new password, which is asked for or read from standard input, and sign the account out everywhere.")
        {
            Address, Data,
        };
        reset.SetAction((parsed, _) => ChangeAsync(parsed, addLayers, ResetPasswordAsync));
        var resetFactor = new Command("reset-second-factor",
            "Turn the second factor off for an owner who has lost the app and the recovery codes, and sign the account out "
                + "everywhere. The password stays.")
        {
            Address, Data,
        };
        resetFactor.SetAction((parsed, _) => ChangeAsync(parsed, addLayers, ResetSecondFactorAsync));
        var promote = new Command("make-administrator", "Make an account an administrator, and approve it if necessary.")
        {
            Address, Data,
        };
        promote.SetAction((parsed, _) => ChangeAsync(parsed, addLayers, MakeAdministratorAsync));
        return new("account", "Accounts, while the site runs or not.") { reset, resetFactor, promote };
    }

    private static Task<int> ChangeAsync(
        ParseResult parsed, Action<WebApplicationBuilder, DataDirectory> addLayers,
        Func<Account, IServiceProvider, Task<int>> change) => BesideSite.TryAsync(async () =>
    {
        await using var site = BesideSite.Build(BesideSite.SettingsOf(parsed.GetValue(Data)), addLayers);
        await using var scope = site.Services.CreateAsyncScope();
        var services = scope.ServiceProvider;
        var problem = await BesideSite.FindSchemaProblemAsync(
            services.GetRequiredService<SentinelCamDbContext>(), services.GetRequiredService<DataDirectory>());
        if (problem is not null)
            return BesideSite.Fail(problem);
        var address = parsed.GetRequiredValue(Address);
        return await services.GetRequiredService<UserManager<Account>>().FindByEmailAsync(address) is { DeletedAt: null } account
            ? await change(account, services)
            : BesideSite.Fail($"There is no account {address}.");
    });

    private static async Task<int> ResetPasswordAsync(Account account, IServiceProvider services)
    {
        if (PasswordInput.Read() is not { } password)
            return BesideSite.Fail("The two passwords differ, or there was none. Nothing was changed.");
        if (PasswordPolicy.Judge(password, account.Name, account.Email).Problem is { } problem)
        {
            BesideSite.Fail($"{problem} Nothing was changed.");
            return Commands.WrongUse;
        }

        var accounts = services.GetRequiredService<UserManager<Account>>();
        account.PasswordHash = accounts.PasswordHasher.HashPassword(account, password);
        (account.AccessFailedCount, account.LockoutEnd) = (0, null);
        (account.WrongCodes, account.CodesLockedUntil) = (0, null);
        await services.GetRequiredService<AlertNotices>()
            .AddAsync(account, ["A new password was set on the server. All sessions were signed out."],
                always: true);
        services.GetRequiredService<ActivityLog>().Add(
            account.Id, ActivityKind.PasswordReset, by: ActivityActor.CommandLine);
        // Saves the password, the mail and the line, too. A new stamp ends all sessions
        var saved = await accounts.UpdateSecurityStampAsync(account);
        if (!saved.Succeeded)
            return BesideSite.Fail("The site changed the account at the same time. Try again.");
        Console.WriteLine($"{account.Email} has a new password, and its sessions have ended.");
        if (account.ApprovedAt is null)
            Console.WriteLine("The account cannot sign in yet, because no administrator has approved it.");
        return 0;
    }

    private static async Task<int> ResetSecondFactorAsync(Account account, IServiceProvider services)
    {
        if (!account.TwoFactorEnabled)
            return BesideSite.Fail($"{account.Email} has no second factor. Nothing was changed.");
        var outcome = await services.GetRequiredService<SecondFactorChange>().ResetAsync(account, ActivityActor.CommandLine);
        if (outcome is not FactorChangeOutcome.Changed)
            return BesideSite.Fail("The second factor could not be turned off; the log says why. Try again.");
        Console.WriteLine($"{account.Email} signs in with the password alone, and its sessions have ended.");
        return 0;
    }

    private static async Task<int> MakeAdministratorAsync(Account account, IServiceProvider services)
    {
        var accounts = services.GetRequiredService<UserManager<Account>>();
        if (account.ApprovedAt is not null && await accounts.IsInRoleAsync(account, Roles.Administrator))
        {
            Console.WriteLine($"{account.Email} is an administrator already.");
            return 0;
        }

        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        (account.ApprovedAt, account.RegisteredFrom) = (account.ApprovedAt ?? now, null);
        services.GetRequiredService<ActivityLog>().Add(
            account.Id, ActivityKind.AdministratorMade, by: ActivityActor.CommandLine);
        // Saves the approval and the line, too. The role was created at the site's first start
        var saved = await accounts.IsInRoleAsync(account, Roles.Administrator)
            ? await accounts.UpdateAsync(account)
            : await accounts.AddToRoleAsync(account, Roles.Administrator);
        if (!saved.Succeeded)
            return BesideSite.Fail("The site changed the account at the same time. Try again.");
        Console.WriteLine($"{account.Email} is an administrator now; open pages know it within a second.");
        return 0;
    }
}
