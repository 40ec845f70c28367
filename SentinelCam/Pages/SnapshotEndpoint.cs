using Microsoft.EntityFrameworkCore;
using Microsoft.Net.Http.Headers;
using SentinelCam.Accounts;
using SentinelCam.ImageLog;
using SentinelCam.Snapshots;

namespace SentinelCam.Pages;

/// <summary><c>/snapshots/{id}</c>: the picture, for those who see its entry and nobody else.</summary>
public static class SnapshotEndpoint
{
    public const string Path = "/snapshots";

    public static void MapSnapshots(this IEndpointRouteBuilder routes) =>
        routes.MapGet(Path + "/{id:long}", ServeAsync).RequireAuthorization();

    private static async Task<IResult> ServeAsync(long id, string? size, HttpContext context, ImageLogQuery query, SnapshotStore store)
    {
        var snapshot = await query.SnapshotsVisibleTo(Viewer.Of(context.User)).SingleOrDefaultAsync(s => s.Id == id);
        if (snapshot is null)
            return Results.NotFound();

        var picture = store.PathOf(snapshot.FileName);
        var path = size == "thumb" ? store.SmallPathOf(snapshot) : picture;
        var small = path != picture;
        if (!File.Exists(path))
            return Results.NotFound();
        // Asked for anew each time, answered with 304: a deleted picture does not live on in the browser of a shared device
        context.Response.Headers.CacheControl = "private, no-cache";
        return Results.File(path, "image/jpeg", entityTag: new EntityTagHeaderValue($"\"{snapshot.Sha256}{(small ? "-thumb" : "")}\""), enableRangeProcessing: false);
    }
}
