using System.Net;
using System.Text;
using System.Web;
using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Actions;
using Overnight.Core.Reference;
using Overnight.Core.Warming;
using Overnight.Tests.Dashboard;

namespace Overnight.Tests.Reference;

/// <summary>
/// SPEC G2 over the whole catalogue: two tenants without a text in common, each entity as the warmer and as a reader asks for it. What
/// is of one shows in no answer of the other, and what the other has changes no byte of them.
/// </summary>
public sealed class TenantIsolationTests(ReferenceFixture fixture) : IClassFixture<ReferenceFixture>
{
    /// <summary>In every text that a tenant chose.</summary>
    private static readonly string[] Marks = ["QQONE", "QQTWO"];

    // Of each column of text that holds no word of a list, no currency, country or period: its table, name, and whether it is lowercase.
    // References between the tables go, for one column is changed after the other.
    private const string MarkTexts = """
        do $$ declare k record; begin
            for k in select conrelid::regclass as t, conname from pg_constraint
                where contype = 'f' and connamespace = 'erp'::regnamespace and confrelid <> 'tenants'::regclass loop
                execute format('alter table %s drop constraint %I', k.t, k.conname);
            end loop;
            for k in select c.oid::regclass as t, a.attname, coalesce((select bool_or(pg_get_constraintdef(p.oid) ~ '\^\[a-z\]')
                    from pg_constraint p where p.conrelid = c.oid and p.contype = 'c' and a.attnum = any (p.conkey)), false) as is_lower
                from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.atttypid = 'text'::regtype
                where c.relnamespace = 'erp'::regnamespace and c.relkind = 'r' and c.relname not in ('generations', 'currencies', 'periods')
                    and a.attname not in ('period_code', 'currency') and not exists (
                        select from pg_constraint p where p.conrelid = c.oid and p.contype = 'c' and a.attnum = any (p.conkey)
                            and pg_get_constraintdef(p.oid) ~ '= ANY|\[A-Z\]\{') loop
                execute format('update %s set %I = %I || case tenant_id when %L then %L when %L then %L else '''' end',
                    k.t, k.attname, k.attname, '{0}', case when k.is_lower then lower('{1}') else '{1}' end,
                    '{2}', case when k.is_lower then lower('{3}') else '{3}' end);
            end loop;
        end $$
        """;

    private static readonly string[] Sets = ["reference-essential", "reference-master", "reference-computed"];

    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task G2_EveryEntity_WarmedAndRead_ShowsNothingOfAnotherTenant()
    {
        Guid[] tenants = [await fixture.TenantAsync(), await fixture.TenantAsync()];
        await _app.Database.ExecuteAsync(
            MarkTexts
                .Replace("{0}", $"{tenants[0]}", StringComparison.Ordinal)
                .Replace("{1}", Marks[0], StringComparison.Ordinal)
                .Replace("{2}", $"{tenants[1]}", StringComparison.Ordinal)
                .Replace("{3}", Marks[1], StringComparison.Ordinal)
        );
        string[] paths = [.. await PathsAsync(tenants[0]), .. await PathsAsync(tenants[1])];
        string[] tokens = [await fixture.SignInAsync(tenants[0]), await fixture.SignInAsync(tenants[1])];
        await using (var warm = fixture.Warming())
        {
            var warmer = warm.Get<Warmer>();
            var report = await warmer.WarmAsync(warmer.Find(Sets), new(WarmTrigger.Manual), null, Ct);
            Assert.All(report.Sets, set => Assert.Equal((WarmStatus.Completed, 0L), (set.Status, set.Failed)));
        }

        Dictionary<string, string>[] warmed = [await AskAsync(tokens[0], paths), await AskAsync(tokens[1], paths)];
        await _app.Get<ReferenceInvalidation>().InvalidateAsync(null, null, Actor.Command, null, Ct);
        Dictionary<string, string>[] read = [await AskAsync(tokens[0], paths), await AskAsync(tokens[1], paths)];
        // By the owner, whom no policy holds back: the queries keep tenants apart by themselves.
        Dictionary<string, string>[] queried = [await QueryAsync(0), await QueryAsync(1)];

        for (var at = 0; at < 2; at++)
        {
            foreach (var (question, answer) in warmed[at].Concat(read[at]).Concat(queried[at]))
                Assert.False(answer.Contains(Marks[1 - at], StringComparison.OrdinalIgnoreCase), $"{Marks[at]} asks {question}: {answer}");
            // Most have a text, so that a mark could show.
            foreach (var answers in (Dictionary<string, string>[])[warmed[at], read[at], queried[at]])
                Assert.InRange(
                    answers.Where(answer => answer.Value.Contains(Marks[at], StringComparison.OrdinalIgnoreCase)).Count(),
                    ReferenceCatalog.All.Count - 6,
                    500
                );
        }
        Assert.Equal(ReferenceCatalog.All.Count, paths.Select(path => path.Split('?')[0]).Distinct(StringComparer.Ordinal).Count());

        // Sums, counts and dates have no mark: without the first tenant's data every answer to the second is the same.
        await _app.Database.ExecuteAsync("update users set tenant_id = null where tenant_id = $1", tenants[0]);
        await _app.Database.ExecuteAsync("delete from tenants where id = $1", tenants[0]);
        await _app.Get<ReferenceInvalidation>().InvalidateAsync(null, null, Actor.Command, null, Ct);
        Assert.Equal(read[1], await AskAsync(tokens[1], paths));
        Assert.Equal(queried[1], await QueryAsync(1));

        Task<Dictionary<string, string>> QueryAsync(int at) => QueryAllAsync(tenants, tenants[at], paths);
    }

    /// <summary>Answers by question, without where they came from and when; empty where there is none.</summary>
    private async Task<Dictionary<string, string>> AskAsync(string token, string[] paths)
    {
        Dictionary<string, string> answers = new(StringComparer.Ordinal);
        foreach (var path in paths)
        {
            using var answer = await _app.GetAsync($"/api/reference/{path}", token, Ct);
            var text = Encoding.UTF8.GetString(await answer.Content.ReadAsByteArrayAsync(Ct));
            Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound, $"{path}: {text}");
            answers[path] = answer.StatusCode == HttpStatusCode.OK ? text[text.IndexOf("\"data\":", StringComparison.Ordinal)..] : "";
        }
        return answers;
    }

    /// <summary>What the queries of readers and of the warmer answer for a tenant, the latter asked for all tenants at once.</summary>
    private async Task<Dictionary<string, string>> QueryAllAsync(Guid[] tenants, Guid tenant, string[] paths)
    {
        Dictionary<string, string> answers = new(StringComparer.Ordinal);
        var today = new NpgsqlParameter<DateOnly> { TypedValue = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime) };
        foreach (var path in paths)
        {
            var (name, query) = path.Split('?') is [var first, var second] ? (first, HttpUtility.ParseQueryString(second)) : (path, []);
            var entity = ReferenceCatalog.Find(name.Split('/')[0], name.Split('/')[1])!;
            await using var command = _app.Database.CreateCommand(entity.OneSql);
            command.Parameters.Add(new() { Value = tenant });
            command.Parameters.Add(today.Clone());
            foreach (var part in entity.Parts)
                command.Parameters.Add(new() { Value = part.Read(query[part.Name], out _)! });
            answers[path] = await command.ExecuteScalarAsync(Ct) is byte[] found ? Encoding.UTF8.GetString(found) : "";
        }
        foreach (var entity in ReferenceCatalog.All.Where(entity => entity.Phase is not null))
        {
            await using var command = _app.Database.CreateCommand(entity.ManySql);
            command.Parameters.Add(new() { Value = tenants, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
            command.Parameters.Add(today.Clone());
            await using var reader = await command.ExecuteReaderAsync(Ct);
            while (await reader.ReadAsync(Ct))
            {
                if (reader.GetGuid(2) == tenant && !await reader.IsDBNullAsync(0, Ct))
                    answers[entity.Key(tenant, [.. entity.Parts.Select((_, at) => reader.GetString(at + 3))])] = Encoding.UTF8.GetString(
                        reader.GetFieldValue<byte[]>(0)
                    );
            }
        }
        return answers;
    }

    private async Task<IEnumerable<string>> PathsAsync(Guid tenant) =>
        (await ReferenceClient.QuestionsAsync(_app.Database, tenant))
            .Select(question => question.Path)
            .Append("finance/trial-balance?period=previous")
            .Append("sales/materials?page=2&limit=500");
}
