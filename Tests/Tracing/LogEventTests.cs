using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Overnight.Api;
using Overnight.Core;
using Overnight.Core.Caching;
using Overnight.Jobs.Commands;

namespace Overnight.Tests.Tracing;

/// <summary>By its id a message is found, filtered and alarmed on, whatever its text is.</summary>
public sealed class LogEventTests
{
    private const BindingFlags Own =
        BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly Type[] Dates =
    [
        typeof(DateOnly),
        typeof(DateTime),
        typeof(DateTimeOffset),
        typeof(DateOnly?),
        typeof(DateTimeOffset?),
    ];

    /// <summary>A number, then a noun in the plural, which is wrong of one; "bytes" are never one.</summary>
    private static readonly Regex Counted = new(@"\{(?<name>\w+)(:\w+)?\} (?!ms\b|s\b|bytes\b)[a-z]+s\b");

    private static readonly Regex Field = new(@"\{(\w+)");

    private static IEnumerable<MethodInfo> Methods { get; } =
        (
            (Assembly[])
                [
                    typeof(CacheStore).Assembly,
                    typeof(ApiMarker).Assembly,
                    typeof(CommandLine).Assembly,
                    typeof(ServiceDefaultsExtensions).Assembly,
                    typeof(LocalPostgresOptions).Assembly,
                ]
        )
            .SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type => type.GetMethods(Own));

    /// <summary>The invariant culture writes 11/30/2026: a message gets a day as a text (<see cref="IsoDate"/>).</summary>
    [Fact]
    public void Messages_OfTheWholeProduct_TakeNoDatesAndCountNoPlurals()
    {
        var logs = Methods.Where(method => method.GetCustomAttribute<LoggerMessageAttribute>() is not null).ToList();

        Assert.Empty(logs.Where(log => log.GetParameters().Any(p => Dates.Contains(p.ParameterType))).Select(log => log.Name));
        Assert.Empty(
            logs.SelectMany(log =>
                Counted
                    .Matches(log.GetCustomAttribute<LoggerMessageAttribute>()!.Message)
                    .Where(match =>
                        log.GetParameters()
                            .Any(p =>
                                p.Name!.Equals(match.Groups["name"].Value, StringComparison.OrdinalIgnoreCase)
                                && (p.ParameterType == typeof(int) || p.ParameterType == typeof(long))
                            )
                    )
                    .Select(match => match.Value)
            )
        );
        Assert.Equal("2026-11-30", IsoDate.Of(new DateOnly(2026, 11, 30)));
        Assert.Equal(
            ["1 batch", "0 batches", "1,024 users"],
            [Plural.Of(1, "batch", "batches"), Plural.Of(0, "batch", "batches"), Plural.Of(1_024, "user")]
        );
    }

    /// <summary>One warning an outage: whoever meets it reports it to DatabaseState, and logs no warning of its own.</summary>
    [Fact]
    public void Outage_OfPostgres_IsAWarningInOnePlace() =>
        Assert.Equal(
            // The first is of the cache, and says that reads go to PostgreSQL.
            [201, 241],
            Methods
                .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>())
                .Where(log => log is { Level: >= LogLevel.Warning } && log.Message.Contains("PostgreSQL", StringComparison.Ordinal))
                .Select(log => log!.EventId)
                .Order()
        );

    /// <summary>Other programs read a run's messages by these ids and fields.</summary>
    [Theory]
    [InlineData(512, "run started", "correlationId jobType markets userCount")]
    [InlineData(565, "batch processed", "batch correlationId duration usersProcessed")]
    [InlineData(566, "user failed", "correlationId error stage userId")]
    [InlineData(567, "user failed", "correlationId error stage userCount")]
    public void A8b_Message_HasItsFields(int id, string name, string fields)
    {
        var message = Methods
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>())
            .Single(message => message?.EventId == id)!
            .Message;

        Assert.StartsWith($"{name}: ", message, StringComparison.Ordinal);
        Assert.Equal(fields, string.Join(' ', Field.Matches(message).Select(field => field.Groups[1].Value).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void EventIds_OfTheWholeProduct_AreOneMessageEach()
    {
        var messages = Methods
            .Select(method =>
                (
                    Name: $"{method.DeclaringType!.DeclaringType?.Name}.{method.Name}",
                    method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId
                )
            )
            .Where(message => message.EventId is not null)
            .ToList();

        Assert.InRange(messages.Count, 40, int.MaxValue);
        Assert.All(messages, message => Assert.InRange(message.EventId!.Value, 1, int.MaxValue));
        Assert.Empty(
            messages
                .GroupBy(message => message.EventId)
                .Where(same => same.Count() > 1)
                .Select(same => $"{same.Key}: {string.Join(", ", same.Select(message => message.Name))}")
        );
    }
}
