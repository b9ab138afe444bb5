using Npgsql;

namespace Overnight.Jobs.Demo;

/// <summary>A few feature flags to look at and change.</summary>
internal static class DemoFlags
{
    /// <param name="environment">Environment that the flags are for.</param>
    /// <returns>How many were added; existing flags are not changed.</returns>
    public static async Task<int> AddAsync(NpgsqlConnection connection, string environment, CancellationToken ct)
    {
        await using NpgsqlCommand command = new(
            """
            insert into feature_flags (environment, key, enabled, value, description)
            select $1, f.* from (values
                ('dashboard.allocation-chart', true, null::json, 'Shows the allocation against its target as a picture.'),
                ('dashboard.refresh-interval', true, '{"seconds":60}'::json, 'How often the dashboard asks again.'),
                ('recommendations.explain', true, null, 'Shows why each recommendation was made.'),
                ('recommendations.max-shown', true, '25', 'The most recommendations on one page.'),
                ('reports.monthly-mail', false, '{"day":1,"hour":7}', 'Sends a report by mail on a day of the month.')
            ) f
            on conflict do nothing
            """,
            connection
        )
        {
            Parameters = { new() { Value = environment } },
        };
        return await command.ExecuteNonQueryAsync(ct);
    }
}
