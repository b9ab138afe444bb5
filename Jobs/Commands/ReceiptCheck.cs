using Overnight.Core.Proof;

namespace Overnight.Jobs.Commands;

/// <summary>Checks a receipt with nothing but the file and a root that was published.</summary>
internal static class ReceiptCheck
{
    /// <summary>Receipts have some 20 KB; results at most some MB.</summary>
    private const int MostBytes = 64 * 1024 * 1024;

    /// <param name="root">In hexadecimal; null when none is at hand.</param>
    public static async Task<int> RunAsync(FileInfo file, string? root, TextWriter output, CancellationToken ct)
    {
        byte[] wanted,
            reached;
        Receipt receipt;
        try
        {
            wanted = root is null ? [] : Receipt.Hash(root, "--root");
        }
        catch (InvalidDataException exception)
        {
            throw new CommandException(exception.Message, exception);
        }
        try
        {
            receipt = Receipt.Read(await ReadAsync(file, ct));
            reached = receipt.ComputeRoot();
        }
        catch (InvalidDataException exception)
        {
            throw new CommandException($"--receipt {file.FullName}: {exception.Message}", exception, CommandLine.Failed);
        }
        var hex = Convert.ToHexStringLower(reached);
        await output.WriteLineAsync(
            $"Receipt of user {receipt.UserId} in run {receipt.RunId} of {receipt.BusinessDate:yyyy-MM-dd}. It leads to root {hex}."
        );
        if (root is null)
        {
            var isOwn = string.Equals(receipt.Root, hex, StringComparison.OrdinalIgnoreCase);
            await output.WriteLineAsync(
                isOwn
                    ? $"Not anchored: compare the root with the one that GET /api/roots published for seal {receipt.Seal}, or give it with --root."
                    : $"It says {receipt.Root}: the receipt was changed."
            );
            return isOwn ? CommandLine.Success : CommandLine.Failed;
        }
        var isSame = wanted.AsSpan().SequenceEqual(reached);
        await output.WriteLineAsync(
            isSame
                ? "That is the root given: result and inputs are as they were sealed."
                : "That is not the root given: the receipt was changed, or the root is of another run."
        );
        return isSame ? CommandLine.Success : CommandLine.Failed;
    }

    private static async Task<byte[]> ReadAsync(FileInfo file, CancellationToken ct)
    {
        try
        {
            if (file.Exists && file.Length > MostBytes)
                throw new CommandException($"--receipt: {file.FullName} has {file.Length} bytes; a receipt has at most {MostBytes}.");
            return await File.ReadAllBytesAsync(file.FullName, ct);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"--receipt: {exception.Message}", exception);
        }
    }
}
