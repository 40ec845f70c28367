using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Mail;

namespace SentinelCam.Pages;

/// <summary>How far a new administrator has come.</summary>
/// <param name="Camera">What the camera is doing.</param>
/// <param name="CameraWorks">It has taken a picture.</param>
/// <param name="MailIsSetUp">There is a mail server.</param>
/// <param name="MailWorks">A mail server has accepted a mail.</param>
/// <param name="AlertArrived">The mail of a test alert was accepted.</param>
public sealed record FirstStepsState(
    CameraStatus Camera, bool CameraWorks, bool MailIsSetUp, bool MailWorks, bool AlertArrived)
{
    public bool AreDone => CameraWorks && MailWorks && AlertArrived;
}

/// <summary>What is left to do after the installation, read from what has happened so far.</summary>
public sealed class FirstSteps(
    SentinelCamDbContext db, CameraFeed camera, SmtpOptions smtp, MailTest mailTest, TimeProvider time)
{
    /// <summary>For the dashboard.</summary>
    /// <returns>Null if there is nothing left to show to this viewer.</returns>
    public async Task<FirstStepsState?> FindOpenAsync(Viewer viewer)
    {
        if (!viewer.IsAdministrator || !await db.Users.AnyAsync(a => a.Id == viewer.Id && a.FirstStepsEndedAt == null))
            return null;
        var state = await FindAsync(viewer);
        if (!state.AreDone)
            return state;
        // Otherwise they would come back with the next problem of the camera or the mail server, which are told elsewhere
        await EndAsync(viewer);
        return null;
    }

    /// <summary>The state of each step.</summary>
    public async Task<FirstStepsState> FindAsync(Viewer viewer)
    {
        var status = camera.Status;
        return new FirstStepsState(
            status,
            CameraWorks: status.LastFrameAt is not null || await db.Snapshots.AnyAsync(),
            MailIsSetUp: smtp.Host is not null,
            MailWorks: smtp.Host is not null && (await mailTest.LastAsync() is { Outcome.Result: MailResult.Accepted }
                || await db.Deliveries.AnyAsync(d => d.State == DeliveryState.Accepted
                    && d.AcceptedBy != null && d.AcceptedBy != OutboxTransport.Name)),
            AlertArrived: await db.Alerts.AnyAsync(a => a.IsTest && a.OwnerId == viewer.Id
                && db.Deliveries.Any(d => d.AlertId == a.Id && d.State == DeliveryState.Accepted)));
    }

    /// <summary>Stores that they are done or dismissed.</summary>
    public Task EndAsync(Viewer viewer) => db.Users.Where(a => a.Id == viewer.Id && a.FirstStepsEndedAt == null)
        .ExecuteUpdateAsync(set => set.SetProperty(a => a.FirstStepsEndedAt, time.GetUtcNow()));
}
