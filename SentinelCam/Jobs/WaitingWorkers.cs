using Hangfire.Storage;

namespace SentinelCam.Jobs;

/// <summary>The workers that wait for a job. A new job wakes the one that has waited longest for its queue.</summary>
internal sealed class WaitingWorkers
{
    private readonly List<Turn> _turns = [];

    /// <summary>
    /// Adds a worker, which must then look at its queues, and dispose of the turn when it stops waiting. In this order it misses
    /// no job: a look finds one that came before it, and one that comes later ends the wait.
    /// </summary>
    /// <param name="queues">The queues whose jobs the worker takes.</param>
    /// <param name="cancellationToken">Ends the wait as a new job does.</param>
    public Turn Join(string[] queues, CancellationToken cancellationToken)
    {
        var turn = new Turn(this, queues, cancellationToken);
        lock (_turns)
            _turns.Add(turn);
        return turn;
    }

    /// <summary>Takes a job, or waits for one: looks again whenever this worker is woken.</summary>
    /// <param name="queues">The queues whose jobs the worker takes.</param>
    /// <param name="dequeue">Looks, and waits until its token is cancelled.</param>
    /// <param name="cancellationToken">Ends the wait with an <see cref="OperationCanceledException"/>.</param>
    public IFetchedJob Take(
        string[] queues, Func<string[], CancellationToken, IFetchedJob> dequeue, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var turn = Join(queues, cancellationToken);
            try
            {
                return dequeue(queues, turn.End);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                turn.LookAgain();
            }
        }
    }

    /// <summary>Wakes all workers, as after signals that may have been lost.</summary>
    public void WakeAll()
    {
        lock (_turns)
        {
            foreach (var turn in _turns)
                turn.Wake(null);
            _turns.Clear();
        }
    }

    /// <summary>Wakes one worker that waits for jobs of this queue, if there is one.</summary>
    public void WakeOne(string queue)
    {
        lock (_turns)
        {
            if (_turns.Find(turn => turn.Takes(queue)) is not { } next)
                return;
            _turns.Remove(next);
            next.Wake(queue);
        }
    }

    /// <summary>One worker's wait.</summary>
    internal sealed class Turn : IDisposable
    {
        private readonly WaitingWorkers _workers;
        private readonly string[] _queues;
        private readonly CancellationTokenSource _end;
        private string? _wokenBy;

        internal Turn(WaitingWorkers workers, string[] queues, CancellationToken cancellationToken)
        {
            _workers = workers;
            _queues = queues;
            _end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        }

        /// <summary>Cancelled when the worker is to look again, or to stop.</summary>
        public CancellationToken End => _end.Token;

        /// <summary>The worker looks again, so its wake-up is used.</summary>
        public void LookAgain() => _wokenBy = null;

        /// <summary>
        /// Ends the wait. A wake-up that was not used goes to the next worker: this one found an older job meanwhile, or stops.
        /// </summary>
        public void Dispose()
        {
            lock (_workers._turns)
            {
                _workers._turns.Remove(this);
                if (_wokenBy is not null)
                    _workers.WakeOne(_wokenBy);
            }

            _end.Dispose();
        }

        internal bool Takes(string queue) => _queues.Contains(queue, StringComparer.Ordinal);

        internal void Wake(string? queue)
        {
            _wokenBy = queue;
            // The token's only listener is an event that a thread waits for, so this is short, and safe within the lock
            _end.Cancel();
        }
    }
}
