# The public names: type checkers read them here, and so does `__init__.py`, which loads each when it is first asked for.
from .api import Reply as Reply
from .certificates import ClientIdentity as ClientIdentity
from .certificates import Finding as Finding
from .certificates import KeyAndRequest as KeyAndRequest
from .certificates import new_key_and_csr as new_key_and_csr
from .connection import Exchange as Exchange
from .connection import Request as Request
from .connection import curl_command as curl_command
from .errors import AnswerLimitError as AnswerLimitError
from .errors import ApiFault as ApiFault
from .errors import CallTimeout as CallTimeout
from .errors import CertificatePageError as CertificatePageError
from .errors import ChainError as ChainError
from .errors import ConnectError as ConnectError
from .errors import ExpectationError as ExpectationError
from .errors import HandshakeError as HandshakeError
from .errors import IdentityError as IdentityError
from .errors import LoginFault as LoginFault
from .errors import MutualAuthenticationFault as MutualAuthenticationFault
from .errors import NotJsonError as NotJsonError
from .errors import NotSoapError as NotSoapError
from .errors import OrgError as OrgError
from .errors import PassphraseError as PassphraseError
from .errors import PracticeError as PracticeError
from .errors import RestFault as RestFault
from .errors import SessionFault as SessionFault
from .errors import SfmtlsError as SfmtlsError
from .errors import SoapFault as SoapFault
from .org import Org as Org
from .profiles import Profile as Profile
from .profiles import read_profiles as read_profiles
from .profiles import save_profile as save_profile
from .query import QueryResult as QueryResult
from .secret import Secret as Secret
from .session import Session as Session
from .sign_in import PasswordLogin as PasswordLogin
from .sign_in import login as login

__version__: str

def load_ipython_extension(shell: object) -> None: ...
