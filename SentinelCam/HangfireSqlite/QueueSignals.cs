namespace SentinelCam.HangfireSqlite;

/// <summary>
/// Wakes as many waiting workers as jobs were added, and only such as listen to their queue: a worker looks for a
/// job after it has registered, so a job that it does not find will be signalled to it.
/// </summary>
internal sealed class QueueSignals
{
    private readonly LinkedList<Waiter> _waiters = new();

    /// <summary>Told when the first waiter comes and when the last one goes, in that order.</summary>
    public event Action<bool>? AnyoneWaitsChanged;

    public Waiter Register(string[] queues)
    {
        var waiter = new Waiter(this, queues);
        lock (_waiters)
        {
            _waiters.AddLast(waiter.Node);
            if (_waiters.Count == 1) AnyoneWaitsChanged?.Invoke(true);
        }

        return waiter;
    }

    public void Signal(string queue, int jobs)
    {
        lock (_waiters)
        {
            for (var node = _waiters.First; node is not null && jobs > 0; node = node.Next)
            {
                if (node.Value.TrySignal(queue)) jobs--;
            }
        }
    }

    /// <summary>The queues that somebody waits for, with the number of those who do.</summary>
    public Dictionary<string, int> WaitedFor()
    {
        var result = new Dictionary<string, int>(StringComparer.Ordinal);
        lock (_waiters)
        {
            foreach (var queue in _waiters.SelectMany(static waiter => waiter.Queues))
                result[queue] = result.GetValueOrDefault(queue) + 1;
        }

        return result;
    }

    private void Remove(Waiter waiter)
    {
        lock (_waiters)
        {
            _waiters.Remove(waiter.Node);
            if (_waiters.Count == 0) AnyoneWaitsChanged?.Invoke(false);
        }
    }

    /// <summary>One worker that waits for a job of one of its queues.</summary>
    internal sealed class Waiter : IDisposable
    {
        private readonly QueueSignals _signals;
        private readonly SemaphoreSlim _wake = new(0);
        private string? _signalled;

        public Waiter(QueueSignals signals, string[] queues)
        {
            _signals = signals;
            Queues = queues;
            Node = new LinkedListNode<Waiter>(this);
        }

        public string[] Queues { get; }

        public LinkedListNode<Waiter> Node { get; }

        /// <returns>The queue that got a job.</returns>
        /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
        public string Wait(CancellationToken cancellationToken)
        {
            _wake.Wait(cancellationToken);

            // Cleared before the worker looks: a job that is added while it looks signals anew
            return Interlocked.Exchange(ref _signalled, null)!;
        }

        public bool TrySignal(string queue)
        {
            if (!Queues.Contains(queue, StringComparer.Ordinal)) return false;
            if (Interlocked.CompareExchange(ref _signalled, queue, null) is not null) return false;
            _wake.Release();
            return true;
        }

        /// <summary>Leaves. A signal that this worker got and did not use goes to another one.</summary>
        public void Dispose()
        {
            _signals.Remove(this);
            if (Volatile.Read(ref _signalled) is { } unused) _signals.Signal(unused, 1);
            _wake.Dispose();
        }
    }
}
