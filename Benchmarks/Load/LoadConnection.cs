using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using HdrHistogram;
using Overnight.Benchmarks.Reporting;

namespace Overnight.Benchmarks.Load;

/// <summary>One keep-alive connection with one request under way.</summary>
internal sealed class LoadConnection : IDisposable
{
    /// <summary>An answer with its head; the longest entry there is has a quarter of it.</summary>
    private const int LongestAnswer = 256 * 1024;

    /// <summary>From the start of the body to the entry's user id: the envelope is shorter.</summary>
    private const int LongestEnvelope = 320;

    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly SocketAsyncEventArgs receive = new();
    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] buffer = new byte[LongestAnswer];
    private readonly UserRequests plan;
    private readonly long deadline;
    private readonly Action start,
        go;
    private UserMix mix;
    private long sent;
    private int user,
        received,
        bodyStart,
        answerLength;

    public LoadConnection(UserRequests plan, UserMix mix, long deadline)
    {
        (this.plan, this.mix, this.deadline) = (plan, mix, deadline);
        (start, go) = (Send, Continue);
        receive.Completed += (_, _) => Run(go);
    }

    public Task Done => done.Task;

    /// <summary>Its own, for the thread that starts connections is not the one that serves them.</summary>
    public LongHistogram Latencies { get; } = CreateHistogram();

    public long FromCache { get; private set; }

    /// <summary>Of ticks, to 1 %, in some 40 KB; an answer that takes longer than a minute is counted as one of a minute.</summary>
    public static LongHistogram CreateHistogram() => new(60 * Stopwatch.Frequency, 2);

    public void Connect(int port) => socket.Connect(IPAddress.Loopback, port);

    public void Start() => Run(start);

    public void Dispose()
    {
        socket.Dispose();
        receive.Dispose();
    }

    private static ReadOnlySpan<byte> HeadEnd => "\r\n\r\n"u8;

    private void Continue()
    {
        if (Take() || ReceiveRest())
            Send();
    }

    private void Run(Action step)
    {
        try
        {
            step();
        }
        catch (Exception e) when (e is SocketException or BenchmarkException or ObjectDisposedException)
        {
            // Whoever waits for this connection gets it.
            done.TrySetException(e);
        }
    }

    /// <summary>Sends and receives until an answer has to be waited for.</summary>
    private void Send()
    {
        while (true)
        {
            sent = Stopwatch.GetTimestamp();
            if (sent >= deadline)
            {
                done.TrySetResult();
                return;
            }
            user = mix.Next();
            (received, bodyStart, answerLength) = (0, 0, 0);
            socket.Send(plan.Request(user).Span);
            if (!ReceiveRest())
                return;
        }
    }

    /// <returns>False when the rest comes later.</returns>
    private bool ReceiveRest()
    {
        do
        {
            receive.SetBuffer(buffer, received, buffer.Length - received);
            if (socket.ReceiveAsync(receive))
                return false;
        } while (!Take());
        return true;
    }

    /// <returns>Whether the answer is whole.</returns>
    private bool Take()
    {
        if (receive.SocketError != SocketError.Success)
            throw new SocketException((int)receive.SocketError);
        if (receive.BytesTransferred == 0)
            throw new BenchmarkException("The server closed a connection that should be kept alive.");
        received += receive.BytesTransferred;
        if (bodyStart == 0 && !TakeHead())
            return false;
        if (received < answerLength)
            return false;
        if (received > answerLength)
            throw new BenchmarkException("The server sent more than an answer.");

        var now = Stopwatch.GetTimestamp();
        if (now >= deadline)
            return true;
        Latencies.RecordValue(Math.Min(now - sent, Latencies.HighestTrackableValue));
        if (IsFromCacheAndOfUser())
            FromCache++;
        return true;
    }

    private bool TakeHead()
    {
        var answer = buffer.AsSpan(0, received);
        var end = answer.IndexOf(HeadEnd);
        if (end < 0)
            return false;
        var head = answer[..end];
        if (!head.StartsWith("HTTP/1.1 200 "u8))
            throw new BenchmarkException($"A request was not answered with 200: {Encoding.UTF8.GetString(answer)}");
        var at = head.IndexOf("Content-Length: "u8);
        if (at < 0 || !Utf8Parser.TryParse(head[(at + 16)..], out int length, out _))
            throw new BenchmarkException("An answer has no Content-Length.");
        bodyStart = end + HeadEnd.Length;
        answerLength = bodyStart + length;
        return answerLength <= buffer.Length ? true : throw new BenchmarkException($"An answer is {answerLength} bytes long.");
    }

    private bool IsFromCacheAndOfUser()
    {
        var body = buffer.AsSpan(bodyStart, Math.Min(LongestEnvelope, answerLength - bodyStart));
        if (!body.StartsWith("{\"data\":{\"fromCache\":true,"u8))
            return false;
        var at = body.IndexOf("\"userId\":\""u8);
        return at > 0 && body[(at + 10)..].StartsWith(plan.UserId(user));
    }
}
