using System.Net.Sockets;
using Npgsql;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// Tells what a batch's own data did from what servers did. Checks name a user at fault before anything is written; what
/// they did not foresee still lies in one row, and the batch is split until its user is named.
/// </summary>
internal static class DataFault
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
