using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Overnight.Api;
using Overnight.Core.Data;
using Overnight.Tests.Harness;
using Overnight.Tests.Providers;

namespace Overnight.Tests.Sessions;

public sealed class PeriodicFlushLoopTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Loop_WritesThatFail_AreToldWhenItBeginsAndMadeUpForAtStop()
    {
        TestClock time = new();
        LogLines lines = new();
        using Notes notes = new(time, lines);
        await notes.StartAsync(Ct);
        await Eventually.TrueAsync(() => time.Timers == 1, "the loop waits");

        foreach (var fails in (bool[])[true, true, true, false, true, true])
        {
            var before = notes.Writes;
            notes.Fails = fails;
            time.Advance(Interval);
            await Eventually.TrueAsync(() => notes.Writes > before, "the loop has written");
        }
        notes.Fails = false;
        await notes.StopAsync(Ct);

        Assert.Equal(7, notes.Writes);
        Assert.Equal(
            [
                "Warning Notes could not be written; they are kept, and tried again every 00:00:10. No disk. ",
                "Warning Notes could not be written; they are kept, and tried again every 00:00:10. No disk. ",
            ],
            lines.All
        );
    }

    private sealed class Notes(TimeProvider time, ILogger logger)
        : PeriodicFlushLoop("Notes", Interval, new(NullLogger<DatabaseState>.Instance), time, logger)
    {
        private volatile int _writes;

        public volatile bool Fails;

        public int Writes => _writes;

        protected override Task WriteAsync(CancellationToken ct)
        {
            var fails = Fails;
            _writes++;
            return fails ? throw new IOException("No disk.") : Task.CompletedTask;
        }
    }
}
