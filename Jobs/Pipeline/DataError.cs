using System.Net.Sockets;
using Npgsql;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// Tells failures that a batch's data causes from failures of servers. A data failure that no check has found still lies in the rows of
/// one user, so the batch is split until that user is named.
/// </summary>
internal static class DataError
{
    // A value or a row is at fault: data exceptions, integrity constraint violations, limits of the program.
    private static readonly string[] ClassesOfData = ["22", "23", "54"];

    public static bool Is(Exception exception) =>
        exception switch
        {
            PostgresException server => ClassesOfData.Contains(server.SqlState[..2]),
            NpgsqlException or SocketException or IOException or TimeoutException => false,
            OperationCanceledException or ObjectDisposedException or OutOfMemoryException => false,
            _ => true,
        };
}
