using Microsoft.EntityFrameworkCore;
using Microsoft.Net.Http.Headers;
using SentinelCam.Accounts;
using SentinelCam.ImageLog;
using SentinelCam.Snapshots;

namespace SentinelCam.Pages;

/// <summary><c>/snapshots/{id}</c>: a picture, for those who may see its entry.</summary>
public static class SnapshotEndpoint
{
    public const string Path = "/snapshots";

    public static void MapSnapshots(this IEndpointRouteBuilder routes) =>
        routes.MapMethods(Path + "/{id:long}", AllowedMethods.ToRead, ServeAsync).RequireAuthorization();

    private static async Task<IResult> ServeAsync(
        long id, string? size, HttpContext context, ImageLogQuery query, IPictureStore store)
    {
        var snapshot = await query.SnapshotsVisibleTo(Viewer.Of(context.User)).SingleOrDefaultAsync(s => s.Id == id);
        if (snapshot is null)
            return Results.NotFound();

        var picture = size == "thumb" ? await store.OpenThumbnailAsync(snapshot) : await store.OpenAsync(snapshot);
        if (picture is null)
            return Results.NotFound();
        // Checked on each use and answered with 304, so that a deleted picture does not survive in a shared device's browser
        context.Response.Headers.CacheControl = "private, no-cache";
        var tag = new EntityTagHeaderValue($"\"{snapshot.Sha256}{(picture.IsThumbnail ? "-thumb" : "")}\"");
        return Results.Stream(picture.Jpeg, "image/jpeg", lastModified: picture.WrittenAt, entityTag: tag);
    }
}
