using System.Globalization;
using System.Text.Json;
using Npgsql;
using Overnight.Core;
using Overnight.Core.Actions;
using Overnight.Core.Data;
using Overnight.Core.Json;

namespace Overnight.Api.Account;

/// <summary>The rows of one table that are a user's own, as JSON and as CSV.</summary>
internal sealed class OwnRows
{
    /// <summary>Names of the tables in an export, each with its query. $1 is the user.</summary>
    internal static readonly (string Name, string Sql)[] Queries =
    [
        ("account", "select id, email, display_name, role, tenant_id, base_currency, created_at from users where id = $1"),
        ("markets", "select market from user_markets where user_id = $1 order by market"),
        ("portfolio", "select contribution, criteria_version, created_at from portfolios where user_id = $1"),
        ("classes", "select id, name, target_min, target_max, min_amount from asset_classes where user_id = $1 order by name"),
        (
            "holdings",
            "select a.symbol, a.name, a.market, h.asset_id, h.class_id, h.quantity, h.ignored from holdings h join assets a on a.id = h.asset_id where h.user_id = $1 order by a.symbol, h.asset_id"
        ),
        ("criteria", "select version, id, rules, created_at from criteria_versions where user_id = $1 order by version"),
        // The expiry is capped, because PostgreSQL has later years than .NET.
        (
            "sessions",
            "select token_hash as id, created_at, least(expires_at, timestamptz '9999-12-31 00:00Z') as expires_at, last_active_at, revoked_at, address, user_agent from sessions where user_id = $1 order by created_at, token_hash"
        ),
        ("reads", "select read_at, reader, run_id, business_date from result_reads where user_id = $1 order by number"),
        (
            "actions",
            $"select number, at, action, outcome, actor, target, detail from action_log where {PersonRefs.Of("$1")} in (actor_ref, subject_ref) order by number"
        ),
    ];

    private readonly List<(string Name, bool IsJson)> _columns = [];
    private readonly List<object?[]> _rows = [];

    private OwnRows(string name) => Name = name;

    public static IEnumerable<string> Names => Queries.Select(query => query.Name);

    public string Name { get; }

    /// <summary>Reads the rows whole, so that no connection is held while a client takes its time.</summary>
    public static async Task<OwnRows> ReadAsync(NpgsqlDataSource database, string name, Guid user, CancellationToken ct)
    {
        OwnRows rows = new(name);
        await using var command = database.Command(Queries.First(query => query.Name == name).Sql, user);
        await using var reader = await command.ExecuteReaderAsync(ct);
        for (var at = 0; at < reader.FieldCount; at++)
            rows._columns.Add((JsonNamingPolicy.CamelCase.ConvertName(Pascal(reader.GetName(at))), reader.GetDataTypeName(at) == "json"));
        while (await reader.ReadAsync(ct))
        {
            var row = new object?[reader.FieldCount];
            reader.GetValues(row!);
            rows._rows.Add(row);
        }
        return rows;
    }

    /// <summary>An array of objects. Decimals are strings, as in every answer.</summary>
    public byte[] ToJson()
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartArray();
            foreach (var row in _rows)
            {
                json.WriteStartObject();
                foreach (var ((name, isJson), value) in _columns.Zip(row))
                {
                    json.WritePropertyName(name);
                    Write(json, value, isJson);
                }
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        return bytes.ToArray();
    }

    public byte[] ToCsv()
    {
        CsvLines csv = new();
        foreach (var (name, _) in _columns)
            csv.Plain(name);
        csv.End();
        foreach (var row in _rows)
        {
            foreach (var value in row)
                _ = value is string text ? csv.Text(text) : csv.Plain(Plain(value));
            csv.End();
        }
        return csv.Take();
    }

    private static void Write(Utf8JsonWriter json, object? value, bool isJson)
    {
        switch (value)
        {
            case null or DBNull:
                json.WriteNullValue();
                break;
            case string text when isJson:
                JsonElement.Parse(JsonSurrogates.Repair(text)).WriteTo(json);
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case int or long or short:
                json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            default:
                json.WriteStringValue(value as string ?? Plain(value));
                break;
        }
    }

    private static string? Plain(object? value) =>
        value switch
        {
            null or DBNull => null,
            bool flag => flag ? "true" : "false",
            DateTime time => IsoDate.Of(new DateTimeOffset(time)),
            DateOnly date => IsoDate.Of(date),
            _ => Convert.ToString(value, CultureInfo.InvariantCulture),
        };

    private static string Pascal(string column) =>
        string.Concat(column.Split('_').Select(part => $"{char.ToUpperInvariant(part[0])}{part[1..]}"));
}
