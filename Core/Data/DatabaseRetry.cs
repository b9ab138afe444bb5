namespace Overnight.Core.Data;

/// <summary>
/// One more try where a connection had ended before it was used: a pool finds that out by a statement that fails, and opens a fresh one for
/// the next.
/// </summary>
public static class DatabaseRetry
{
    /// <summary>For what changes nothing.</summary>
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

    /// <summary>For one statement or one transaction, which is sent again only where nothing of it was executed.</summary>
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
