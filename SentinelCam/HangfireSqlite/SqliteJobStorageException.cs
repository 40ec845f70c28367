namespace SentinelCam.HangfireSqlite;

/// <summary>The file of a job storage cannot be used. The message is one line that says what to do.</summary>
public sealed class SqliteJobStorageException : Exception
{
    public SqliteJobStorageException()
    {
    }

    public SqliteJobStorageException(string message)
        : base(message)
    {
    }

    public SqliteJobStorageException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
