using Overnight.LocalServers;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A server that runs as a process of this machine, on 127.0.0.1, with a password.</summary>
public abstract class LocalServerResource : ExecutableResource
{
    internal const string EndpointName = "tcp";

    // The command must be known before the preparation has found the program, so it is a shell that runs the program.
    private protected LocalServerResource(string name, ParameterResource password)
        : base(name, "/bin/sh", "/") => (PasswordParameter, PrimaryEndpoint) = (password, new(this, EndpointName));

    /// <summary>The endpoint that clients connect to.</summary>
    public EndpointReference PrimaryEndpoint { get; }

    /// <summary>The password that the server requires.</summary>
    public ParameterResource PasswordParameter { get; }

    /// <summary>The host of the endpoint.</summary>
    public EndpointReferenceExpression Host => PrimaryEndpoint.Property(EndpointProperty.Host);

    /// <summary>The port of the endpoint.</summary>
    public EndpointReferenceExpression Port => PrimaryEndpoint.Property(EndpointProperty.Port);

    /// <summary>The prepared server; null until the preparation has ended.</summary>
    internal PreparedServer? Prepared { get; set; }
}
