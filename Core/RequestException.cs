namespace Overnight.Core;

/// <summary>A request can't be carried out: <see cref="Field"/> is the field at fault, the message says what is wrong with it.</summary>
public sealed class RequestException : Exception
{
    public RequestException(string field, string message, Exception? innerException = null)
        : base(message, innerException) => Field = field;

    public RequestException()
        : this("run", "The request can't be carried out.") { }

    public RequestException(string message)
        : this("run", message) { }

    public RequestException(string message, Exception innerException)
        : base(message, innerException) => Field = "run";

    public string Field { get; }
}
