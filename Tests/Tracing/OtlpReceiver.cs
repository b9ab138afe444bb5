using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Overnight.Tests.Tracing;

/// <summary>A span as it was received.</summary>
internal sealed record ReceivedSpan(
    string Service,
    string Instance,
    string Scope,
    string Trace,
    string Id,
    string Parent,
    string Name,
    ulong Start,
    ulong End,
    bool Failed,
    string Message,
    IReadOnlyDictionary<string, object> Attributes
);

/// <summary>What <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> may name, with <c>http/protobuf</c>: takes spans and metrics in, in memory.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    private OtlpReceiver(WebApplication app) => _app = app;

    public ConcurrentQueue<ReceivedSpan> Spans { get; } = [];

    /// <summary>Units by the name of the metric.</summary>
    public ConcurrentDictionary<string, string> Metrics { get; } = [];

    public string Url => _app.Urls.First();

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        OtlpReceiver receiver = new(builder.Build());
        receiver._app.MapPost("/v1/{signal}", async (string signal, HttpRequest request, CancellationToken ct) =>
        {
            using MemoryStream body = new();
            await request.Body.CopyToAsync(body, ct);
            Message export = new(body.ToArray());
            foreach (var resource in export.Messages(1))
            {
                if (signal == "traces")
                    receiver.TakeSpans(resource);
                else if (signal == "metrics")
                    receiver.TakeMetrics(resource);
            }
            // An empty message says that all was taken.
            return Results.Bytes([], "application/x-protobuf");
        });
        await receiver._app.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private void TakeSpans(Message resource)
    {
        var of = resource.Messages(1).SelectMany(r => r.Attributes(1)).ToDictionary();
        foreach (var scope in resource.Messages(2))
        {
            var name = scope.Messages(1).Select(s => s.Text(1)).FirstOrDefault("");
            foreach (var span in scope.Messages(2))
            {
                var status = span.Messages(15).FirstOrDefault();
                Spans.Enqueue(
                    new(
                        $"{of.GetValueOrDefault("service.name")}",
                        $"{of.GetValueOrDefault("service.instance.id")}",
                        name,
                        Convert.ToHexStringLower(span.Bytes(1)),
                        Convert.ToHexStringLower(span.Bytes(2)),
                        Convert.ToHexStringLower(span.Bytes(4)),
                        span.Text(5),
                        span.Number(7),
                        span.Number(8),
                        status?.Number(3) == 2,
                        status?.Text(2) ?? "",
                        span.Attributes(9).ToDictionary()
                    )
                );
            }
        }
    }

    private void TakeMetrics(Message resource)
    {
        foreach (var metric in resource.Messages(2).SelectMany(scope => scope.Messages(2)))
            Metrics[metric.Text(1)] = metric.Text(3);
    }

    /// <summary>A message of protobuf's wire format, by the numbers of its fields.</summary>
    private sealed class Message
    {
        private readonly List<(int Field, ulong Number, byte[] Bytes)> _fields = [];

        public Message(ReadOnlySpan<byte> wire)
        {
            while (!wire.IsEmpty)
            {
                var key = Varint(ref wire);
                switch (key & 7)
                {
                    case 0:
                        _fields.Add(((int)(key >> 3), Varint(ref wire), []));
                        break;
                    case 1:
                        _fields.Add(((int)(key >> 3), BinaryPrimitives.ReadUInt64LittleEndian(wire), []));
                        wire = wire[8..];
                        break;
                    case 2:
                        var length = (int)Varint(ref wire);
                        _fields.Add(((int)(key >> 3), 0, wire[..length].ToArray()));
                        wire = wire[length..];
                        break;
                    case 5:
                        wire = wire[4..];
                        break;
                    default:
                        throw new InvalidDataException($"Wire type {key & 7} is none of OTLP's.");
                }
            }
        }

        public IEnumerable<Message> Messages(int field) => _fields.Where(f => f.Field == field).Select(f => new Message(f.Bytes));

        public byte[] Bytes(int field) => _fields.Find(f => f.Field == field).Bytes ?? [];

        public string Text(int field) => Encoding.UTF8.GetString(Bytes(field));

        public ulong Number(int field) => _fields.Find(f => f.Field == field).Number;

        public IEnumerable<KeyValuePair<string, object>> Attributes(int field) =>
            Messages(field).Select(pair => KeyValuePair.Create(pair.Text(1), pair.Messages(2).Select(Value).FirstOrDefault("")));

        private static object Value(Message any) =>
            any._fields switch
            {
                [(1, _, var text)] => Encoding.UTF8.GetString(text),
                [(2, var flag, _)] => flag != 0,
                [(3, var number, _)] => (long)number,
                [(4, var bits, _)] => BitConverter.UInt64BitsToDouble(bits),
                _ => "",
            };

        private static ulong Varint(ref ReadOnlySpan<byte> wire)
        {
            var value = 0UL;
            for (var shift = 0; ; shift += 7)
            {
                var next = wire[0];
                wire = wire[1..];
                value |= (ulong)(next & 0x7f) << shift;
                if (next < 0x80)
                    return value;
            }
        }
    }
}
