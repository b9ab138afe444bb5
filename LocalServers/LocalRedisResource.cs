namespace Aspire.Hosting.ApplicationModel;

/// <summary>A Redis server, or one that speaks its protocol, that runs as a process of this machine and keeps nothing on disk.</summary>
/// <param name="name">The name of the resource.</param>
/// <param name="password">The password that the server requires.</param>
public sealed class LocalRedisResource(string name, ParameterResource password)
    : LocalServerResource(name, password),
        IResourceWithConnectionString
{
    /// <summary><c>host:port,password=..</c>.</summary>
    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"{Host}:{Port},password={PasswordParameter}");

    /// <summary><c>redis://:password@host:port</c>.</summary>
    public ReferenceExpression UriExpression => ReferenceExpression.Create($"redis://:{PasswordParameter:uri}@{Host}:{Port}");

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties() =>
        [
            new("Host", ReferenceExpression.Create($"{Host}")),
            new("Port", ReferenceExpression.Create($"{Port}")),
            new("Password", ReferenceExpression.Create($"{PasswordParameter}")),
            new("Uri", UriExpression),
        ];
}
