using System.CommandLine.Parsing;

namespace Overnight.Jobs.Commands;

/// <summary>Messages about wrong arguments: the argument's name, what it must be, and the value given.</summary>
internal static class UsageErrors
{
    private const string Unreadable = "Cannot parse argument ",
        NotAmong = "Argument '",
        NoCommand = "Required command was not provided";

    /// <summary>Rewrites the parser's message, which names .NET types and leaves out the option.</summary>
    public static string Explain(ParseError error)
    {
        var message = error.Message;
        if (message.StartsWith(NoCommand, StringComparison.Ordinal) && error.SymbolResult is CommandResult { Command: var command })
            return $"{command.Name} needs one of its commands: {string.Join(", ", command.Subcommands.Select(sub => sub.Name))}.";
        var isUnreadable = message.StartsWith(Unreadable, StringComparison.Ordinal);
        var (symbol, type, given) = error.SymbolResult switch
        {
            OptionResult option => (option.Option.Name, option.Option.ValueType, option.Tokens),
            ArgumentResult { Parent: OptionResult option } => (option.Option.Name, option.Option.ValueType, option.Tokens),
            ArgumentResult argument => (argument.Argument.Name, argument.Argument.ValueType, argument.Tokens),
            _ => ("", typeof(string), []),
        };
        if (symbol.Length > 0 && given.Count > 0 && isUnreadable)
            return $"{symbol} must be {Form(type)}, not '{given[^1].Value}'.";
        // The parser's message is "Argument 'x' not recognized. Must be one of:", followed by a line for each value.
        if (symbol.Length > 0 && message.StartsWith(NotAmong, StringComparison.Ordinal) && message.Split('\n') is [_, _, ..] lines)
            return $"{symbol} must be {string.Join(" or ", lines.Skip(1).Select(line => line.Trim('\'', ' ', '\t', '\r')))}, not '{given[^1].Value}'.";
        return message;
    }

    /// <summary>A validator that refuses numbers below the bound. Text that is no number is refused by the parser.</summary>
    public static Action<OptionResult> AtLeast(int least) =>
        option =>
        {
            if (option.Tokens is [{ Value: var text }] && int.TryParse(text, out var number) && number < least)
                option.AddError($"{option.Option.Name} must be at least {least}, not {number}.");
        };

    private static string Form(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(Guid) ? "an id (8-4-4-4-12 hexadecimal digits)"
            : type == typeof(int) || type == typeof(long) ? "a whole number"
            : type == typeof(bool) ? "true or false"
            : type == typeof(FileInfo) ? "the path of a file"
            : $"a {type.Name}";
    }
}
