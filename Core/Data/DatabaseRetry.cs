namespace Overnight.Core.Data;

/// <summary>
/// Sends a statement a second time when its pooled connection had ended before it was used. The pool notices that only when a statement
/// fails, and opens a new connection for the next one.
/// </summary>
public static class DatabaseRetry
{
    /// <summary>Runs a read, and repeats it after any lost connection.</summary>
    public static async Task<T> ReadAsync<T>(Func<Task<T>> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        try
        {
            return await read();
        }
        catch (Exception exception) when (DatabaseOutage.IsLostConnection(exception))
        {
            return await read();
        }
    }

    /// <summary>Runs one statement or transaction, and repeats it only when nothing of it was executed.</summary>
    public static async Task<T> WriteAsync<T>(Func<Task<T>> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        try
        {
            return await write();
        }
        catch (Exception exception) when (DatabaseOutage.IsUnexecuted(exception))
        {
            return await write();
        }
    }
}
