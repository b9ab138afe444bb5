using Npgsql;
using Overnight.Benchmarks.Pipeline;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;
using Overnight.Core.Data;
using Overnight.Core.Proof;

namespace Overnight.Benchmarks.Hashing;

/// <summary>One build of jobs, as a service over a database and a cache of its own.</summary>
internal sealed class HashingSide(NpgsqlDataSource database, JobsService service, bool isHashed) : IAsyncDisposable
{
    private const string Roots = """
        select coalesce(bool_and((b.root <> $1) = $2), false) from run_batches b join overnight_job_runs r on r.id = b.run_id
        where b.status = 'done' and r.number = (select max(number) from overnight_job_runs where job_type = 'scoring')
        """;

    private int _nights;

    /// <param name="folder">Of the build without hashes; null for the one that this program came with.</param>
    public static async Task<HashingSide> StartAsync(
        Workbench bench,
        PostgresServer postgres,
        HashingSettings settings,
        string? folder,
        CancellationToken ct
    )
    {
        var name = folder is null ? Workbench.Database : "unhashed";
        var cache = await bench.StartCacheAsync(settings.Cache, ct);
        var database = await DemoDatabase.CreateAsync(postgres, settings.Users, ct, name: name);
        return new(database, await JobsService.StartAsync(bench, postgres, cache, database, null, ct, folder), isHashed: folder is null);
    }

    /// <summary>Does a night, and checks that it was hashed, or was not.</summary>
    /// <returns>Processor seconds of jobs.</returns>
    public async Task<double> RunAsync(CancellationToken ct)
    {
        await DemoDatabase.SettleAsync(database, ct);
        var before = service.CpuSeconds;
        await service.RunPipelineAsync(again: _nights++ > 0, ct);
        if (service.CpuSeconds - before is not { } night)
            throw new BenchmarkException("This system does not tell the processor seconds of a process; there is no figure.");
        await using var roots = database.Command(Roots, new byte[HashTree.Length], isHashed);
        return await roots.ExecuteScalarAsync(ct) is true
            ? night
            : throw new BenchmarkException(
                $"The roots of night {_nights} are {(isHashed ? "not hashes" : "hashes")}; its figure does not count."
            );
    }

    public async ValueTask DisposeAsync()
    {
        await service.DisposeAsync();
        await database.DisposeAsync();
    }
}
