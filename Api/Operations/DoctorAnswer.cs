using Npgsql;
using Overnight.Core.Caching;
using Overnight.Core.Doctor;

namespace Overnight.Api.Operations;

/// <summary>What is stuck or broken, as <c>jobs doctor</c> finds it.</summary>
/// <param name="NotChecked">What the api's role has no right to read, so that only <c>jobs doctor</c> checks it.</param>
internal sealed record DoctorAnswer(IReadOnlyList<DoctorFinding> Items, IReadOnlyList<string> NotChecked);

/// <param name="What">Names the run, batch, user or session.</param>
/// <param name="Since">Null where that is not known.</param>
/// <param name="Advice">What to do about it.</param>
internal sealed record DoctorFinding(string What, DateTimeOffset? Since, string Advice);

/// <summary>Runs the checks of <c>jobs doctor</c> as the api's role.</summary>
internal sealed class DoctorReader(NpgsqlDataSource database, CacheStore cache, CacheCircuit circuit, TimeProvider time)
{
    public async Task<DoctorAnswer> ReadAsync(CancellationToken ct)
    {
        List<string> notChecked = [];
        Lazy<CacheStore>? configured = circuit.IsAbsent ? null : new(() => cache);
        var findings = await new DoctorReport(database, configured, time).FindVisibleAsync(notChecked, ct);
        return new([.. findings.Select(found => new DoctorFinding(found.What, found.Since, found.Advice))], notChecked);
    }
}
