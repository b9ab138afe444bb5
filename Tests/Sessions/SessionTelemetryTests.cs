using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Overnight.Core.Sessions;
using Overnight.Tests.Providers;

namespace Overnight.Tests.Sessions;

/// <summary>Sign-ins and ends of sessions, as they are logged and counted.</summary>
public sealed class SessionTelemetryTests : IDisposable
{
    private static readonly Guid User = Guid.Parse("019a0000-0000-7000-8000-0000abcdef12");

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterListener _listener = new();
    private readonly List<string> _counted = [];
    private readonly LogLines _log = new();
    private readonly SessionTelemetry _telemetry;

    public SessionTelemetryTests()
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == meters)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>(
            (instrument, value, tags, _) =>
                _counted.Add($"{instrument.Meter.Name} {instrument.Name} {instrument.Unit} {value} {tags[0].Key}={tags[0].Value}")
        );
        _listener.Start();
        _telemetry = new(meters, new LogLines<SessionTelemetry>(_log));
    }

    [Fact]
    public void SignIns_EachOutcome_IsCountedAndLoggedMasked()
    {
        _telemetry.SignedIn(User, "0123456789abcdef");
        foreach (var outcome in Enum.GetValues<SignInOutcome>().Where(outcome => outcome != SignInOutcome.SignedIn))
            _telemetry.Refused(outcome, "fedcba9876543210", "192.0.2.0/24");

        Assert.Equal(
            [
                "Information User ..cdef12 signed in; session 01234567... ",
                "Information A sign-in was refused (wrong): e-mail address fedcba98.., network 192.0.2.0/24. ",
                "Information A sign-in was refused (limited): e-mail address fedcba98.., network 192.0.2.0/24. ",
                "Information A sign-in was refused (network_limited): e-mail address fedcba98.., network 192.0.2.0/24. ",
                "Information A sign-in was refused (busy): e-mail address fedcba98.., network 192.0.2.0/24. ",
            ],
            _log.All
        );
        Assert.Equal(
            ((string[])["signed_in", "wrong", "limited", "network_limited", "busy"]).Select(outcome =>
                $"Overnight.Sessions overnight.sessions.sign_ins {{try}} 1 outcome={outcome}"
            ),
            _counted
        );
    }

    [Fact]
    public void Ends_EachReason_IsCountedBySessionsAndLoggedMasked()
    {
        foreach (var reason in Enum.GetValues<SessionEnd>())
            _telemetry.Ended(reason, "0123456789abcdef");
        _telemetry.EndedOfUser(SessionEnd.Banned, User, 3);

        string[] reasons = ["signed_out", "replaced", "revoked", "banned", "password_set", "by_owner"];
        Assert.Equal(
            [
                .. reasons.Select(reason => $"Information Session 01234567.. ended ({reason}). "),
                "Information Sessions of user ..cdef12 ended (banned): 3. ",
            ],
            _log.All
        );
        Assert.Equal(
            [
                .. reasons.Select(reason => $"Overnight.Sessions overnight.sessions.ends {{session}} 1 reason={reason}"),
                "Overnight.Sessions overnight.sessions.ends {session} 3 reason=banned",
            ],
            _counted
        );
    }

    public void Dispose()
    {
        _listener.Dispose();
        _services.Dispose();
    }
}
