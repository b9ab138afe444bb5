using System.Text;
using Overnight.Benchmarks.Reporting;

namespace Overnight.Benchmarks.Load;

/// <summary>Every user's request as the bytes to send, and the user id that the answer must name.</summary>
internal sealed class UserRequests
{
    public const int IdLength = 36;
    private readonly byte[] requests;
    private readonly byte[] ids;
    private readonly int requestLength;

    private UserRequests(byte[] requests, byte[] ids, int requestLength) =>
        (this.requests, this.ids, this.requestLength) = (requests, ids, requestLength);

    public int Users => ids.Length / IdLength;

    public ReadOnlyMemory<byte> Request(int user) => requests.AsMemory(user * requestLength, requestLength);

    public ReadOnlySpan<byte> UserId(int user) => ids.AsSpan(user * IdLength, IdLength);

    /// <param name="file">A line per user: token, space, id.</param>
    public static async Task<UserRequests> ReadAsync(string file, string path, CancellationToken ct)
    {
        var lines = await File.ReadAllLinesAsync(file, ct);
        using MemoryStream bytes = new(),
            users = new();
        foreach (var line in lines)
        {
            var at = line.IndexOf(' ');
            if (at < 0 || line.Length - at - 1 != IdLength)
                throw new BenchmarkException($"{file} is no plan: a line is not a token, a space and a user id.");
            bytes.Write(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {line[..at]}\r\n\r\n"));
            users.Write(Encoding.ASCII.GetBytes(line[(at + 1)..]));
        }
        // Tokens have one length, and so have requests.
        return lines.Length > 0
            ? new(bytes.ToArray(), users.ToArray(), (int)(bytes.Length / lines.Length))
            : throw new BenchmarkException($"{file} names no user.");
    }
}
