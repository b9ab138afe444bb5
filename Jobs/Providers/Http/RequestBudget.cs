using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Data;

namespace Overnight.Jobs.Providers.Http;

/// <summary>Counts the requests to each provider on a day, UTC, of all replicas together, and refuses those above its budget.</summary>
internal sealed class RequestBudget(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>Days for which counts are kept.</summary>
    private const int KeptDays = 31;

    private const string Take = """
        insert into provider_calls as c (provider, day, calls, most) values ($1, $2, 1, $3)
        on conflict (provider, day) do update set calls = c.calls + 1, most = excluded.most where $3 is null or c.calls < $3
        returning calls
        """;

    /// <summary>Counts a request that is about to be sent.</summary>
    /// <param name="most">Requests a day; 0 for any number.</param>
    /// <exception cref="ProviderException">The day's budget is used up.</exception>
    public async Task TakeAsync(string provider, int most, CancellationToken ct)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        await using var take = database.Command(
            Take,
            provider,
            today,
            new NpgsqlParameter { Value = most == 0 ? DBNull.Value : most, NpgsqlDbType = NpgsqlDbType.Integer }
        );
        if (await take.ExecuteScalarAsync(ct) is not int calls)
            throw new ProviderException(
                ProviderFault.BudgetUsed,
                $"its {most} requests of {today:yyyy-MM-dd} (UTC) are used up; it is asked again the next day"
            );
        if (calls > 1)
            return;
        await using var forget = database.Command("delete from provider_calls where day < $1", today.AddDays(-KeptDays));
        await forget.ExecuteNonQueryAsync(ct);
    }
}
