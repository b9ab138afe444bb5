using System.Globalization;
using System.Text.Json;
using Npgsql;

namespace Overnight.Auditor;

/// <summary>
/// The amounts of a result and what could not be allocated add up to the contribution that was captured, or to 0 without one.
/// </summary>
internal static class SumCheck
{
    private const string Results = """
        select r.user_id, r.recommendations, i.payload from calculation_results r
        left join calculation_events i on i.business_date = $1 and i.run_id = $2 and i.user_id = r.user_id and i.type = 2
        where r.business_date = $1 and r.run_id = $2
        """;

    public static async Task RunAsync(NpgsqlConnection connection, AuditedRun run, AuditReport report, CancellationToken ct)
    {
        await using var command = connection.Command(Results, run.Day, run.Id);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var inputs = await reader.IsDBNullAsync(2, ct) ? null : reader.GetFieldValue<byte[]>(2);
            if (Wrong(reader.GetFieldValue<byte[]>(1), inputs) is { } wrong)
                report.Add(FindingName.WrongSum, $"the result of user {reader.GetGuid(0)} in {run}: {wrong}");
        }
    }

    private static string? Wrong(byte[] result, byte[]? inputs)
    {
        try
        {
            using var document = JsonDocument.Parse(result);
            var root = document.RootElement;
            var amounts = root.GetProperty("recommendations").EnumerateArray().Select(r => Number(r.GetProperty("amount"))).ToList();
            var (unallocated, total) = (Number(root.GetProperty("unallocated")), Number(root.GetProperty("totalInvestable")));
            if (amounts.Sum() + unallocated != total)
                return $"amounts of {amounts.Sum()} and {unallocated} unallocated are not {total}.";
            if (unallocated < 0 || amounts.Exists(amount => amount < 0))
                return "an amount is below 0.";
            if (inputs is null)
                return null;
            var contribution = EventPayload.Contribution(inputs) ?? 0;
            return contribution == total ? null : $"{total} were shared out, and the contribution captured is {contribution}.";
        }
        catch (Exception exception)
            when (exception
                    is JsonException
                        or KeyNotFoundException
                        or FormatException
                        or InvalidOperationException
                        or IndexOutOfRangeException
                        or OverflowException
            )
        {
            return $"it can't be read ({exception.Message})";
        }
    }

    private static decimal Number(JsonElement value) =>
        decimal.Parse(value.GetString()!, NumberStyles.Number, CultureInfo.InvariantCulture);
}
