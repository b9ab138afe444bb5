namespace Overnight.Core;

/// <summary>What was asked for can't be done: the field at fault, and what is wrong with it.</summary>
public sealed class RequestException : Exception
{
    public RequestException(string field, string message, Exception? innerException = null)
        : base(message, innerException) => Field = field;

    public RequestException()
        : this("run", "It can't be done.") { }

    public RequestException(string message)
        : this("run", message) { }

    public RequestException(string message, Exception innerException)
        : base(message, innerException) => Field = "run";

    public string Field { get; }
}
