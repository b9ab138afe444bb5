using System.Text;

namespace Overnight.Jobs.Commands;

/// <summary>Reads a password from a file that only its owner can read, from a pipe, or from the keyboard.</summary>
internal static class PasswordInput
{
    private const UnixFileMode OfOthers =
        UnixFileMode.GroupRead
        | UnixFileMode.GroupWrite
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherWrite
        | UnixFileMode.OtherExecute;

    /// <returns>The first line, without its end.</returns>
    /// <exception cref="CommandException">There is none, or the file can't be read or may be read by others.</exception>
    public static async Task<string> ReadAsync(FileInfo? file, CancellationToken ct)
    {
        var line =
            file is not null ? await ReadAsync(file.FullName, ct)
            : Console.IsInputRedirected ? await Console.In.ReadLineAsync(ct)
            : Ask();
        return string.IsNullOrEmpty(line)
            ? throw new CommandException(
                $"There is no password in {(file is null ? "standard input" : file.FullName)}: its first line is empty."
            )
            : line;
    }

    private static async Task<string?> ReadAsync(string file, CancellationToken ct)
    {
        try
        {
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & OfOthers) is not UnixFileMode.None)
            {
                throw new CommandException(
                    $"--file {file} may be read or changed by others than its owner: its mode must be 0600, and is 0{Convert.ToString((int)File.GetUnixFileMode(file), 8)}. Others may know the password that is in it."
                );
            }
            // Invalid UTF-8 is an error, since replaced bytes would make another password.
            using StreamReader reader = new(file, new UTF8Encoding(false, throwOnInvalidBytes: true));
            return await reader.ReadLineAsync(ct);
        }
        catch (DecoderFallbackException exception)
        {
            throw new CommandException($"--file {file} is not UTF-8 text.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"--file {file} can't be read: {exception.Message}", exception);
        }
    }

    private static string Ask()
    {
        Console.Error.WriteLine("A new password ends every session of the user.");
        var first = Ask("Password: ");
        return Ask("Once more: ") == first ? first : throw new CommandException("The two are not the same; nothing was changed.");
    }

    /// <summary>Reads a line without showing what is typed.</summary>
    private static string Ask(string prompt)
    {
        Console.Error.Write(prompt);
        StringBuilder typed = new();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace)
                typed.Length = Math.Max(0, typed.Length - 1);
            else if (!char.IsControl(key.KeyChar))
                typed.Append(key.KeyChar);
        }
        Console.Error.WriteLine();
        return typed.ToString();
    }
}
