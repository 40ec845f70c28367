using Microsoft.EntityFrameworkCore;
using Microsoft.Net.Http.Headers;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.ImageLog;
using SentinelCam.Snapshots;

namespace SentinelCam.Pages;

/// <summary><c>/snapshots/{id}</c>: a picture, for those who may see its entry.</summary>
public static class SnapshotEndpoint
{
    public const string Path = "/snapshots";

    /// <summary>
    /// Checked on each use and answered with 304, so that a deleted picture does not survive in a shared device's browser.
    /// </summary>
    private const string Checked = "private, no-cache";

    public static void MapSnapshots(this IEndpointRouteBuilder routes) =>
        routes.MapMethods(Path + "/{id:long}", AllowedMethods.ToRead, ServeAsync).RequireAuthorization();

    private static async Task<IResult> ServeAsync(
        long id, string? size, HttpContext context, ImageLogQuery query, IPictureStore store)
    {
        var snapshot = await query.SnapshotsVisibleTo(Viewer.Of(context.User)).SingleOrDefaultAsync(s => s.Id == id);
        if (snapshot is null)
            return Results.NotFound();

        var known = TagOf(snapshot, size == "thumb" && snapshot.HasThumbnail);
        // Without reading the picture, which takes longer from a database
        if (context.Request.GetTypedHeaders().IfNoneMatch.Any(tag => tag.Compare(known, useStrongComparison: false))
            && await store.ExistsAsync(snapshot))
        {
            context.Response.Headers.CacheControl = Checked;
            context.Response.GetTypedHeaders().ETag = known;
            return Results.StatusCode(StatusCodes.Status304NotModified);
        }

        var picture = size == "thumb" ? await store.OpenThumbnailAsync(snapshot) : await store.OpenAsync(snapshot);
        if (picture is null)
            return Results.NotFound();
        context.Response.Headers.CacheControl = Checked;
        return Results.Stream(picture.Jpeg, "image/jpeg", lastModified: picture.WrittenAt,
            entityTag: TagOf(snapshot, picture.IsThumbnail));
    }

    private static EntityTagHeaderValue TagOf(Snapshot snapshot, bool isThumbnail) =>
        new($"\"{snapshot.Sha256}{(isThumbnail ? "-thumb" : "")}\"");
}
