using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Overnight.Core;
using Overnight.Core.Caching;
using Overnight.Core.Results;
using Overnight.Tests.Harness;
using Overnight.Tests.Providers;

namespace Overnight.Tests.Caching;

public sealed class CacheUnitTests
{
    private readonly TestClock _time = new();

    [Fact]
    public void Circuit_AfterAFailure_LetsOneTryPerBreakAndLogsOnlyChanges()
    {
        LogLines lines = new();
        CacheCircuit circuit = new(Options.Create(new CacheOptions()), _time, Telemetry(), new LogLines<CacheCircuit>(lines));
        Assert.True(circuit.TryEnter());
        circuit.Failed(new TimeoutException());
        circuit.Failed(new TimeoutException());
        Assert.False(circuit.TryEnter());
        _time.Advance(new CacheOptions().BreakDuration);
        Assert.True(circuit.TryEnter());
        Assert.False(circuit.TryEnter());
        circuit.Failed(new TimeoutException());
        Assert.False(circuit.TryEnter());
        Assert.Single(lines.All);

        _time.Advance(new CacheOptions().BreakDuration);
        Assert.True(circuit.TryEnter());
        circuit.Succeeded();
        Assert.True(circuit.TryEnter());
        Assert.True(circuit.TryEnter());
        Assert.Equal(2, lines.All.Count);
    }

    [Fact]
    public void Circuit_TriesThatFail_AreTwiceAsFarApartEachTimeUntilTheLongestBreak()
    {
        CacheCircuit circuit = new(Options.Create(new CacheOptions()), _time, Telemetry(), NullLogger<CacheCircuit>.Instance);
        foreach (var milliseconds in (int[])[250, 500, 1_000, 2_000, 3_000, 3_000])
        {
            // Others that were under way fail as well, and count for nothing.
            for (var i = 0; i < 3; i++)
                circuit.Failed(new TimeoutException());
            _time.Advance(TimeSpan.FromMilliseconds(milliseconds - 1));
            Assert.False(circuit.TryEnter());
            _time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.True(circuit.TryEnter());
        }
        circuit.Succeeded();

        circuit.Failed(new TimeoutException());
        _time.Advance(CacheCircuit.FirstBreak);
        Assert.True(circuit.TryEnter());
    }

    [Fact]
    public void Memory_NotEnabled_KeepsNothing()
    {
        var memory = Memory(1_000_000);
        var user = Guid.CreateVersion7();
        Put(memory, user, 100, memory.Epoch);
        Assert.False(memory.TryGet(user, out _));

        memory.Enable();
        Put(memory, user, 100, memory.Epoch);
        Assert.True(memory.TryGet(user, out _));
        memory.Disable();
        Assert.False(memory.TryGet(user, out _));
        Assert.Equal(0, memory.Bytes);
    }

    [Fact]
    public void Memory_ValueReadBeforeAChange_IsNotPutAfterIt()
    {
        var memory = Memory(1_000_000);
        memory.Enable();
        var (user, other) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var before = memory.Epoch;
        memory.Forget(other);
        Put(memory, user, 100, before);
        Assert.False(memory.TryGet(user, out _));
        Assert.Equal(0, memory.Bytes);
    }

    [Fact]
    public void Memory_PastItsTtl_ForgetsAndFreesIt()
    {
        var memory = Memory(1_000_000);
        memory.Enable();
        var user = Guid.CreateVersion7();
        Put(memory, user, 100, memory.Epoch);
        _time.Advance(new CacheOptions().MemoryTtl);
        memory.Trim();
        Assert.Equal(0, memory.Bytes);
        Assert.False(memory.TryGet(user, out _));
    }

    [Fact]
    public void Memory_Full_StaysUnderItsLimitAndKeepsWhatIsRead()
    {
        var memory = Memory(100_000);
        memory.Enable();
        var read = Guid.CreateVersion7();
        Put(memory, read, 1000, memory.Epoch);
        for (var i = 0; i < 1000; i++)
        {
            Assert.True(memory.TryGet(read, out _));
            Put(memory, Guid.CreateVersion7(), 1000, memory.Epoch);
            Assert.InRange(memory.Bytes, 0, 100_000);
        }
        var huge = Guid.CreateVersion7();
        Put(memory, huge, 50_000, memory.Epoch);
        Assert.False(memory.TryGet(huge, out _));
    }

    [Fact]
    public void Memory_WithAdmission_KeepsWhatIsPutTwice()
    {
        BoundedMemory<Guid, byte[]> memory = new(1_000_000, _time, TimeSpan.FromSeconds(1));
        memory.Enable();
        var (often, rare) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        Put(memory, often, 100, memory.Epoch);
        Put(memory, rare, 100, memory.Epoch);
        Assert.False(memory.TryGet(often, out _));
        _time.Advance(TimeSpan.FromSeconds(1));
        Put(memory, often, 100, memory.Epoch);
        Assert.True(memory.TryGet(often, out _));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Put(memory, rare, 100, memory.Epoch);
        Assert.False(memory.TryGet(rare, out _));
    }

    [Fact]
    public void Results_OfARange_AreThoseOfBothEndsAndBetween()
    {
        Guid[] users = [Id("00000000"), Id("7fffffff"), Id("80000000"), Id("ffffffff")];
        Assert.Equal([false, true, true, false], users.Select(user => ResultReader.IsBetween(users[1], users[2], user)));

        static Guid Id(string start) => Guid.Parse($"{start}-8000-7fff-8000-ffffffffffff");
    }

    [Fact]
    public void ReadLatency_Taken_IsThe95thPercentileSinceTheLastTime()
    {
        ReadLatency latency = new();
        Assert.Null(latency.Take());
        for (var i = 0; i < 95; i++)
            latency.Record(TimeSpan.FromMicroseconds(100));
        for (var i = 0; i < 5; i++)
            latency.Record(TimeSpan.FromMilliseconds(50));
        Assert.InRange(latency.Take()!.Value.TotalMicroseconds, 100, 125);
        latency.Record(TimeSpan.FromMilliseconds(50));
        Assert.InRange(latency.Take()!.Value.TotalMilliseconds, 50, 62.5);
        Assert.Null(latency.Take());
    }

    [Fact]
    public void Channel_Messages_AreReadAsWritten()
    {
        var (run, first, last) = (Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        var message = CacheChannel.Changed(run, first, last);
        Assert.Equal($"changed {run} {first} {last}", Encoding.ASCII.GetString(message));
        Assert.True(CacheChannel.TryReadChanged(message, out var readRun, out var readFirst, out var readLast));
        Assert.Equal((run, first, last), (readRun, readFirst, readLast));
        Assert.True(CacheChannel.TryReadBeat(CacheChannel.Beat(run), out var beat));
        Assert.Equal(run, beat);
        message = CacheChannel.Raised(run, ["finance:coa", "*"], 1_795_000_000_000);
        Assert.Equal($"raised 1795000000000 {run} finance:coa *", Encoding.ASCII.GetString(message));
        Assert.True(CacheChannel.TryReadRaised(message, out var tenant, out var entities, out var generation));
        Assert.Equal((run, "finance:coa *", 1_795_000_000_000), (tenant, string.Join(' ', entities), generation));
    }

    [Theory]
    [InlineData("")]
    [InlineData("changed")]
    [InlineData("beat 1")]
    [InlineData("changed 019a0000-0000-7000-8000-000000000001 019a0000-0000-7000-8000-000000000001")]
    [InlineData("changed 019a0000-0000-7000-8000-000000000001,019a0000-0000-7000-8000-000000000001,019a0000-0000-7000-8000-000000000001")]
    public void Channel_AnotherMessage_IsNotRead(string text)
    {
        var message = Encoding.ASCII.GetBytes(text);
        Assert.False(CacheChannel.TryReadChanged(message, out _, out _, out _));
        Assert.False(CacheChannel.TryReadBeat(message, out _));
    }

    [Fact]
    public void Options_OutOfBounds_NameKeyBoundAndValue()
    {
        CacheOptions bad = new()
        {
            Timeout = TimeSpan.Zero,
            MemoryBytes = -1,
            RepairQueue = 0,
        };
        var failures = new SectionValidator<CacheOptions>(CacheOptions.Section).Validate(null, bad).Failures!.ToList();
        Assert.Equal(3, failures.Count);
        Assert.Contains("Cache:Timeout must be between 00:00:00.0100000 and 00:00:10, and is 00:00:00.", failures);
        Assert.True(new SectionValidator<CacheOptions>(CacheOptions.Section).Validate(null, new()).Succeeded);
    }

    private BoundedMemory<Guid, byte[]> Memory(long bytes) => new(bytes, _time);

    private static void Put(BoundedMemory<Guid, byte[]> memory, Guid user, int bytes, long epoch) =>
        memory.Put(user, new byte[bytes], bytes, new CacheOptions().MemoryTtl, epoch);

    private static CacheTelemetry Telemetry() =>
        new(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>());
}
