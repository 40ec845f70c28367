using SentinelCam.Data;

namespace SentinelCam.Jobs;

/// <summary>
/// Records again, while the database server restarts or fails over, what is known nowhere else: the answer of a mail server, a
/// picture. A file that cannot be written stays so for longer.
/// </summary>
public sealed class OutagePatience(IServiceScopeFactory scopes, ILogger<OutagePatience> logger)
{
    private const int MaxTries = 30;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>Records, and tries it for about a minute if the database server does not answer.</summary>
    /// <param name="what">What is recorded, for the log.</param>
    /// <param name="record">
    /// One try, with services and a context of its own. It may be repeated after a commit whose answer was lost.
    /// </param>
    /// <param name="cancellationToken">Ends the pause between two tries.</param>
    /// <exception cref="Exception">The database cannot be written, and is a file or has not answered for too long.</exception>
    public async Task<T> RecordAsync<T>(
        string what, Func<IServiceProvider, Task<T>> record, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(record);
        for (var tries = 1; ; tries++)
        {
            await using var scope = scopes.CreateAsyncScope();
            var isFile = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>().Dialect.IsFile;
            try
            {
                return await record(scope.ServiceProvider);
            }
            catch (Exception error) when (!isFile && tries < MaxTries && DatabaseProblem.Of(error) is not null)
            {
                if (tries == 1)
                {
                    logger.LogWarning("{What:l} cannot be recorded yet; SentinelCam keeps trying: {Problem}",
                        what, DatabaseProblem.Of(error));
                }
            }

            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }
    }
}
