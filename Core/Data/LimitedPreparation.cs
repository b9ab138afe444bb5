using Npgsql;

namespace Overnight.Core.Data;

/// <summary>Prepares statements within a time limit. The driver applies a command's timeout to its execution alone.</summary>
public static class LimitedPreparation
{
    /// <param name="seconds">Usually <see cref="DatabaseConnection.ReadTimeout"/>.</param>
    /// <exception cref="NpgsqlException">The server took longer, because the statement's tables are locked, for example.</exception>
    public static Task PrepareAsync(this NpgsqlCommand command, int seconds, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(command);
        return LimitAsync(command.PrepareAsync, seconds, ct);
    }

    /// <inheritdoc cref="PrepareAsync(NpgsqlCommand, int, CancellationToken)"/>
    public static Task PrepareAsync(this NpgsqlBatch batch, int seconds, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return LimitAsync(batch.PrepareAsync, seconds, ct);
    }

    private static async Task LimitAsync(Func<CancellationToken, Task> prepareAsync, int seconds, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeSpan.FromSeconds(seconds));
        try
        {
            await prepareAsync(limit.Token);
        }
        catch (OperationCanceledException exception) when (!ct.IsCancellationRequested)
        {
            throw new NpgsqlException(
                "PostgreSQL did not prepare a statement in time.",
                new TimeoutException(exception.Message, exception)
            );
        }
    }
}
