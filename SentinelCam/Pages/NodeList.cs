using Microsoft.EntityFrameworkCore;
using SentinelCam.Cameras;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Watch;

namespace SentinelCam.Pages;

/// <summary>The devices of this site: its nodes. On SQLite, this one.</summary>
public sealed class NodeList(
    SentinelCamDbContext db, LiveNodes nodes, CameraFeed camera, AdministratorNotices notices, ActivityLog activity,
    TimeProvider time)
{
    /// <summary>This one first, then by name.</summary>
    public async Task<IReadOnlyList<Line>> ReadAsync()
    {
        var rows = await db.Nodes.AsNoTracking().OrderBy(n => n.Name).ToListAsync();
        var alive = await nodes.NamesAsync(db);
        var own = rows.Find(n => n.Name == nodes.Self);
        var (now, status) = (time.GetUtcNow(), camera.Status);
        var self = new Line(nodes.Self, IsThis: true, IsAlive: true, ProductVersion.Text, status.Name,
            CameraWords.OfState(status), status.Problem is null ? null : $"{status.Problem} {status.Remedy}",
            own?.ClockAheadMs ?? 0, own?.SeenAt ?? now, own?.StartedAt ?? now);
        return
        [
            self,
            .. rows.Where(n => n != own).Select(n => new Line(
                n.Name, IsThis: false, alive.Contains(n.Name), n.Version, n.Camera,
                CameraOf(n, alive), alive.Contains(n.Name) ? n.CameraProblem : null, n.ClockAheadMs, n.SeenAt, n.StartedAt)),
        ];
    }

    /// <summary>
    /// Removes a node that does not answer, with its choice of a camera. Administrators who were told that it does not answer are
    /// told that it was removed.
    /// </summary>
    /// <returns>False if there is none, or if it answers.</returns>
    public async Task<bool> ForgetAsync(string? name)
    {
        if (name is null || (await nodes.NamesAsync(db)).Contains(name))
            return false;
        await using var transaction = await db.Database.BeginTransactionAsync();
        if (await db.Nodes.Where(n => n.Name == name).ExecuteDeleteAsync() == 0)
            return false;
        await db.CameraChoices.Where(c => c.Node == name).ExecuteDeleteAsync();
        if (await db.Troubles.AnyAsync(t => t.Kind == TroubleKind.Node && t.Node == name && t.ToldAt != null))
        {
            await notices.AddAsync(MailKind.WatchNotice, $"{name} is no longer a device of this site",
                _ => ["An administrator has removed it from the list of devices. If it is started again, it comes back."]);
        }

        await db.Troubles.Where(t => t.Node == name).ExecuteDeleteAsync();
        activity.Add(null, ActivityKind.NodeRemoved, name);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        return true;
    }

    /// <summary>What a dead node's camera did is long ago.</summary>
    private static string CameraOf(Node node, IReadOnlyList<string> alive) =>
        alive.Contains(node.Name) && Enum.TryParse<CameraState>(node.CameraState, out var state)
            ? CameraWords.OfState(state)
            : "not known";

    /// <summary>A node, as the page shows it.</summary>
    /// <param name="Name">As in <c>Node:Name</c>.</param>
    /// <param name="IsThis">Whether it is the one that answers.</param>
    /// <param name="IsAlive">Whether its last heartbeat is recent.</param>
    /// <param name="Version">Of its SentinelCam.</param>
    /// <param name="Camera">The camera's name.</param>
    /// <param name="CameraState">What the camera does, in words.</param>
    /// <param name="CameraProblem">What is wrong with it, or null.</param>
    /// <param name="ClockAheadMs">By how many milliseconds its clock is ahead of the database's.</param>
    /// <param name="SeenAt">Its last heartbeat.</param>
    /// <param name="StartedAt">When it was started.</param>
    public sealed record Line(
        string Name, bool IsThis, bool IsAlive, string Version, string Camera, string CameraState, string? CameraProblem,
        long ClockAheadMs, DateTimeOffset SeenAt, DateTimeOffset StartedAt);
}
